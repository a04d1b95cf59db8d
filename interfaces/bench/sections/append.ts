/** How many appends a second: ours, a popular TypeScript event store, and the server's own limit. */
import { randomUUID } from 'node:crypto';
import { getPostgreSQLEventStore } from '@event-driven-io/emmett-postgresql';
import pg from 'pg';
import type { EventStore, NewEvent } from '../../../application/ports/event-store.ts';
import { jsonEvent, NO_STREAM } from '@eventstore/db-client';
import { PASSWORD, sharedServer } from '../bench-server.ts';
import { eventStoreDb } from '../event-store-db.ts';
import { keepAsking } from '../keep-asking.ts';
import { plainInserts } from '../plain-inserts.ts';
import type { Context, Group, GroupPlan, Section } from '../section.ts';

const CALLERS = [1, 16, 64] as const;
const OF_EMMETT = { 1: 1, 16: 2.5, 64: 4 } as const;
/** the hash, the revision and the notification come on top of a row alone; a group of appends shares its commit */
const OF_INSERTS = { 1: 0.7, 16: 1, 64: 1 } as const;
const CLIENT = 'the plain client';
const PAYLOAD = { displayName: 'x'.repeat(100) };

export const section: Section = {
  name: 'append',
  summary:
    'one event an append, each caller in a stream of its own; beside emmett-postgresql and plain one-row INSERTs (pgbench), and on EventStoreDB beside its client',
  groups: [
    ...CALLERS.map((callers) => plan(callers, false)),
    ...CALLERS.map((callers) => plan(callers, true)),
    ...CALLERS.map((callers) => ({
      name: `${callersOf(callers)}, on EventStoreDB`,
      prepare: (context: Context) => onEventStoreDb(context, callers),
    })),
  ],
};

function callersOf(callers: number): string {
  return `${callers} ${callers === 1 ? 'caller' : 'callers'}`;
}

const newEvent = (): NewEvent => ({
  id: randomUUID(),
  type: 'ProjectRenamed',
  data: PAYLOAD,
  metadata: {
    correlationId: 'bench',
    causationId: null,
    actor: { kind: 'system', id: 'bench' },
    reason: 'bench',
  },
});

/** Each caller appends one event after another to a stream of its own. @returns appends a second */
async function appendRate(
  store: Pick<EventStore, 'append'>,
  callers: number,
  seconds: number,
): Promise<number> {
  return rateOf(callers, seconds, (stream, revision) =>
    store.append(stream, revision < 0 ? 'none' : revision, [newEvent()]),
  );
}

/** @param append to a stream whose last event has this revision, from -1 on */
async function rateOf(
  callers: number,
  seconds: number,
  append: (stream: string, revision: number) => Promise<unknown>,
): Promise<number> {
  const prefix = randomUUID();
  const each = Array.from({ length: callers }, (_, nth) => ({
    stream: `bench-${prefix}-${nth}`,
    revision: -1,
  }));
  const { perSecond } = await keepAsking(each, seconds, (one) => append(one.stream, one.revision++));
  return perSecond;
}

function plan(callers: (typeof CALLERS)[number], beside: boolean): GroupPlan {
  const circumstances = beside ? ', a transaction left open in another database' : '';
  const name = `${callersOf(callers)}${circumstances}`;
  return {
    name,
    main: callers === 1 && !beside,
    prepare: (context) => group(context, callers, name, beside),
  };
}

async function group(
  context: Context,
  callers: (typeof CALLERS)[number],
  name: string,
  beside: boolean,
): Promise<Group> {
  const contest = await context.share('append', () => startContest(context));
  const { store, emmett } = contest;
  if (beside) context.atEnd(await contest.leaveOpen());
  const { seconds } = context;
  const figure = (other: string, ratioAtLeast: number) => ({
    name: `${name}, of ${other}`,
    unit: 'appends/s',
    of: ['ours', 'rate'] as const,
    beside: [other, 'rate'] as const,
    goal: { ratioAtLeast },
  });
  return {
    ways: {
      ours: async () => ({ rate: await appendRate(store, callers, seconds) }),
      emmett: async () => ({
        rate: await rateOf(callers, seconds, (stream, revision) =>
          emmett.appendToStream(stream, [{ type: 'ProjectRenamed', data: PAYLOAD }], {
            expectedStreamVersion: revision < 0 ? 'STREAM_DOES_NOT_EXIST' : BigInt(revision + 1),
          }),
        ),
      }),
      'plain INSERTs': async () => ({ rate: await contest.inserts.rate(callers, seconds) }),
    },
    figures: [figure('plain INSERTs', OF_INSERTS[callers]), figure('emmett', OF_EMMETT[callers])],
  };
}

/** The plain client sends all of its appends over one call; the server is the one that EVENTSTOREDB_URL names, or the tests' own. */
async function onEventStoreDb(context: Context, callers: number): Promise<Group> {
  const { store, client, server } = await eventStoreDb(context);
  const { seconds } = context;
  const name = `${callersOf(callers)}, on EventStoreDB (${server})`;
  return {
    ways: {
      ours: async () => ({ rate: await appendRate(store, callers, seconds) }),
      [CLIENT]: async () => ({
        rate: await rateOf(callers, seconds, (stream, revision) =>
          client.appendToStream(stream, jsonEvent({ type: 'ProjectRenamed', data: PAYLOAD }), {
            expectedRevision: revision < 0 ? NO_STREAM : BigInt(revision),
          }),
        ),
      }),
    },
    figures: [
      {
        name,
        unit: 'appends/s',
        of: ['ours', 'rate'],
        beside: [CLIENT, 'rate'],
        goal: { ratioAtLeast: 0.9 },
      },
    ],
  };
}

async function startContest(context: Context) {
  const server = await sharedServer(context);
  const admin = new pg.Client(server.superuser('postgres'));
  await admin.connect();
  await admin.query('CREATE DATABASE others');
  await admin.end();
  const inserts = await plainInserts(server.superuser('others'));
  const emmett = getPostgreSQLEventStore(`postgres://postgres:${PASSWORD}@127.0.0.1:${server.port}/others`);
  await emmett.schema.migrate();
  return {
    store: server.store(),
    emmett,
    inserts,
    /** in another database: what a tenant may forget */
    async leaveOpen() {
      const open = new pg.Client(server.superuser('postgres'));
      await open.connect();
      await open.query('BEGIN; CREATE TABLE forgotten (x int); INSERT INTO forgotten VALUES (1)');
      return () => open.end();
    },
    async close() {
      await emmett.close();
      await inserts.close();
    },
  };
}
