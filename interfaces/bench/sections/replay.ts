/** How fast a long log is read again: each view from nothing, beside a plain cursor over the same rows. */
import pg from 'pg';
import { liveTarget } from '../../../projections/projection.ts';
import { rebuild } from '../../../projections/rebuild.ts';
import { views } from '../../composition/views.ts';
import type { BenchServer } from '../bench-server.ts';
import { eventStoreDb } from '../event-store-db.ts';
import { EVENTS_PER_PROJECT, fillLog, PROJECTS } from '../long-log.ts';
import { longLog } from '../log-under-bench.ts';
import type { Context, Group, Section } from '../section.ts';
import { timed } from '../timed.ts';

const FETCH = 2_000;
const ESDB_PROJECTS = 5_000;
const CLIENT = "the plain client's readAll";
const ROUNDS = 3;
const CURSOR = 'a plain cursor over the same rows';
const MAIN = 'project-list';

type View = (typeof views)[number];

export const section: Section = {
  name: 'replay',
  summary: `a log of ${(PROJECTS * EVENTS_PER_PROJECT).toLocaleString('en')} events (quick: 20,000): every view from nothing, beside a plain cursor; every hash verified`,
  groups: [
    ...views.map((view) => ({
      name: view.name,
      main: view.name === MAIN,
      prepare: (context: Context) => replayed(context, view),
    })),
    { name: 'the log', prepare: wholeLog },
    { name: 'EventStoreDB', prepare: onEventStoreDb },
  ],
};

async function replayed(context: Context, view: View): Promise<Group> {
  const { server, store, events } = await longLog(context);
  return {
    rounds: ROUNDS,
    warmUp: false,
    ways: {
      replay: async () => {
        await server.pool.query(`DROP SCHEMA IF EXISTS ${liveTarget(view).schema} CASCADE`);
        return rateOf(async () => {
          const given = (await rebuild(view, store, server.pool)).events;
          // in a quick run there are other sections' streams in the log, too, which are not for every view
          if (given < events) throw new Error(`${view.name} was given ${given} events of ${events}`);
          return given;
        });
      },
      [CURSOR]: () => rateOf(() => readByCursor(server, events)),
    },
    figures: [
      {
        name: `replay of ${view.name}`,
        unit: 'events/s',
        of: ['replay', 'rate'],
        beside: [CURSOR, 'rate'],
        goal: { valueAtLeast: 100_000, ratioAtLeast: 0.5 },
      },
    ],
  };
}

async function wholeLog(context: Context): Promise<Group> {
  const { store, filledPerSecond } = await longLog(context);
  return {
    rounds: 1,
    warmUp: false,
    ways: {
      log: async () => ({
        filled: filledPerSecond,
        verified: (await rateOf(async () => Number((await store.verifyChain()).verified)))['rate'],
      }),
    },
    figures: [
      { name: 'verify, every hash', unit: 'events/s', of: ['log', 'verified'] },
      { name: 'appends of 20 events each, 64 callers', unit: 'events/s', of: ['log', 'filled'] },
    ],
  };
}

/** All events by our store, in pages as views take them, and by the plain client's `readAll`. */
async function onEventStoreDb(context: Context): Promise<Group> {
  const { store, client, server } = await eventStoreDb(context);
  await fillLog(store, 'paused', context.quick ? 100 : ESDB_PROJECTS);
  return {
    rounds: ROUNDS,
    ways: {
      ours: () =>
        rateOf(async () => {
          let [count, after] = [0, 0n];
          for (;;) {
            const { events, position } = await store.readAll({ after, limit: FETCH });
            count += events.length;
            if (position === after) return count;
            after = position;
          }
        }),
      [CLIENT]: () =>
        rateOf(async () => {
          let count = 0;
          for await (const { event } of client.readAll()) if (event && !event.type.startsWith('$')) count++;
          return count;
        }),
    },
    figures: [
      {
        name: `reading all of EventStoreDB (${server})`,
        unit: 'events/s',
        of: ['ours', 'rate'],
        beside: [CLIENT, 'rate'],
        goal: { ratioAtLeast: 0.7 },
      },
    ],
  };
}

/** @param work gives how many events it was about */
async function rateOf(work: () => Promise<number>): Promise<{ rate: number }> {
  let count = 0;
  const ms = await timed(async () => (count = await work()));
  return { rate: count / (ms / 1_000) };
}

async function readByCursor(server: BenchServer, atLeast: number): Promise<number> {
  const client = new pg.Client(server.connection);
  await client.connect();
  await client.query('BEGIN');
  await client.query(
    `DECLARE rows CURSOR FOR SELECT position, stream, revision, id, type, schema_version, data, metadata, recorded_at,
       encode(hash, 'hex') AS hash FROM log.events ORDER BY position`,
  );
  let count = 0;
  for (;;) {
    const { rowCount } = await client.query(`FETCH ${FETCH} FROM rows`);
    if (!rowCount) break;
    count += rowCount;
  }
  await client.end();
  if (count < atLeast) throw new Error(`the cursor saw ${count} events of ${atLeast}`);
  return count;
}
