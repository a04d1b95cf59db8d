/** How soon an event is seen: from before the append until a reader of the list view can see it. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { NewEvent } from '../../../application/ports/event-store.ts';
import { projectStream } from '../../../domain/project/project-id.ts';
import { sessionOpener } from '../../../infrastructure/postgres/scram-client.ts';
import { CheckpointWatch } from '../../../projections/checkpoint-watch.ts';
import { ProjectionRunner } from '../../../projections/projection-runner.ts';
import { views } from '../../composition/views.ts';
import { longLog, type FilledLog } from '../log-under-bench.ts';
import { idOf, metadata } from '../long-log.ts';
import type { Context, Group, Section } from '../section.ts';
import { timed } from '../timed.ts';

const APPENDS = { quick: 20, whole: 100 };
const PAUSE_MS = 5;
const ROUND_TRIPS = 'an INSERT and a SELECT of it';

export const section: Section = {
  name: 'lag',
  summary:
    'from an append until the list view shows it, at the end of a long log; beside a row that is inserted and read',
  groups: [
    { name: 'idle', main: true, late: true, prepare: (context) => lag(context, 'idle') },
    {
      name: 'beside an open transaction',
      prepare: async (context) => {
        const { server } = await longLog(context);
        const open = new pg.Client(server.superuser('postgres'));
        await open.connect();
        await open.query('BEGIN; CREATE TABLE forgotten (x int)');
        context.atEnd(() => open.end());
        return lag(context, 'a transaction left open in another database');
      },
    },
  ],
};

async function lag(context: Context, circumstances: string): Promise<Group> {
  const log = await longLog(context);
  const { store, server } = log;
  const [list] = views;
  if (!list) throw new Error('no views');
  const watch = new CheckpointWatch(server.pool);
  const openSession = sessionOpener(server.connection);
  const runner = new ProjectionRunner(list, { store, pool: server.pool, openSession, watch });
  await runner.start();
  context.atEnd(() => runner.stop());
  await watch.waitFor(list.name, await store.head(), 60_000);
  await server.pool.query('CREATE SCHEMA IF NOT EXISTS bench');
  await server.pool.query('CREATE TABLE IF NOT EXISTS bench.rows (id uuid PRIMARY KEY)');
  const count = context.quick ? APPENDS.quick : APPENDS.whole;
  const name = `append to visible, ${circumstances}`;
  return {
    ways: {
      ours: async () => ({
        ms: await times(count, async (nth) => {
          const { position } = await append(log, nth);
          await watch.waitFor(list.name, position, 10_000);
        }),
      }),
      [ROUND_TRIPS]: async () => ({
        ms: await times(count, async () => {
          const { pool } = server;
          const { rows } = await pool.query('INSERT INTO bench.rows VALUES (gen_random_uuid()) RETURNING id');
          await pool.query('SELECT FROM bench.rows WHERE id = $1', [(rows[0] as { id: string }).id]);
        }),
      }),
    },
    figures: [
      {
        name: `${name}, p50`,
        unit: 'ms',
        of: ['ours', 'ms'],
        beside: [ROUND_TRIPS, 'ms'],
        goal: { valueAtMost: 5 },
      },
      { name: `${name}, p99`, unit: 'ms', of: ['ours', 'ms'], quantile: 0.99, goal: { valueAtMost: 25 } },
    ],
  };
}

async function append({ store }: FilledLog, nth: number) {
  const event: NewEvent = {
    id: randomUUID(),
    type: 'ProjectRenamed',
    data: { displayName: `Seen ${nth}` },
    metadata,
  };
  return store.append(projectStream(idOf(nth)), 'any', [event]);
}

async function times(count: number, work: (nth: number) => Promise<void>): Promise<number[]> {
  const taken: number[] = [];
  for (let nth = 0; nth < count; nth++) {
    taken.push(await timed(() => work(nth)));
    await sleep(PAUSE_MS);
  }
  return taken;
}
