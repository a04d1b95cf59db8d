/** How fast a long log is read again, how soon an event is seen, what a page of the audit trail costs. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { EventMetadata, NewEvent } from '../../application/ports/event-store.ts';
import { DEFAULT_DATA_API_SETTINGS, type ProjectEvent } from '../../domain/project/events.ts';
import { projectId, projectStream } from '../../domain/project/project-id.ts';
import type { PostgresEventStore } from '../../infrastructure/event-store/postgres-event-store.ts';
import { auditOf } from '../../projections/audit-trail/queries.ts';
import { CheckpointWatch } from '../../projections/checkpoint-watch.ts';
import { ProjectionRunner } from '../../projections/projection-runner.ts';
import { rebuild } from '../../projections/rebuild.ts';
import { views } from '../composition/views.ts';
import { benchServer, type BenchServer } from './bench-server.ts';
import { quantile, timed, type Figure, type Section } from './figures.ts';

const PROJECTS = 50_000;
const ROUNDS_OF_LIFE = 6;
const AT_ONCE = 64;
const OWNERS = 100;
const FETCH = 2_000;
const PAGES = 200;
const APPENDS = 300;

const metadata: EventMetadata = {
  correlationId: 'bench',
  causationId: null,
  actor: { kind: 'process', id: 'provision' },
  reason: 'provision: register-pool',
  ip: '192.0.2.1',
  userAgent: 'bench/1.0',
};

const idOf = (nth: number) => projectId(`proj_${nth.toString(16).padStart(16, '0')}`);
const ownerOf = (nth: number) => `own_${(nth % OWNERS).toString(16).padStart(16, '0')}`;
const plain = (type: ProjectEvent['type']) => ({ type, data: {} }) as ProjectEvent;

/** 20 events: a birth, then pauses, resumptions and a new name. */
function lifeOf(nth: number): NewEvent[] {
  const id = idOf(nth);
  const born: ProjectEvent = {
    type: 'ProjectRequested',
    data: {
      projectId: id,
      ownerId: ownerOf(nth),
      name: `project-${nth}`,
      displayName: `Project ${nth}`,
      templateVersion: 1,
      secrets: { keyVersion: 1, ciphertext: 'x'.repeat(400) },
      dataApi: DEFAULT_DATA_API_SETTINGS,
    },
  };
  const up = ['PoolRegistered', 'PostgrestSpawned', 'ProjectActivated'] as const;
  const events: ProjectEvent[] = [
    born,
    { type: 'DatabaseCreated', data: { databaseName: id } },
    { type: 'DatabaseUsersCreated', data: { roles: [`${id}_owner`, `${id}_authenticator`] } },
    { type: 'SchemaMigrated', data: { version: 1 } },
    ...up.map(plain),
    { type: 'ProjectRenamed', data: { displayName: `Renamed ${nth}` } },
  ];
  for (let round = 0; round < ROUNDS_OF_LIFE; round++)
    events.push(plain('ProjectPauseRequested'), plain('ProjectPaused'));
  return events.map(({ type, data }) => ({ id: randomUUID(), type, data, metadata }));
}

async function fill(store: PostgresEventStore): Promise<number> {
  let next = 0;
  const lane = async () => {
    for (let nth = next++; nth < PROJECTS; nth = next++)
      await store.append(projectStream(idOf(nth)), 'none', lifeOf(nth));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return Number(await store.head());
}

export const logFigures: Section = {
  name: 'log',
  summary: `a log of ${(PROJECTS * 20).toLocaleString('en')} events: replay, a plain cursor beside it, visibility, audit pages`,
  async run() {
    const server = await benchServer();
    try {
      const store = server.store();
      const filled = await timedRate(() => fill(store));
      const reading = await replayFigures(server, store);
      const idle = await visibleFigures(server, store, 'idle');
      const open = new pg.Client(server.superuser('postgres'));
      await open.connect();
      await open.query('BEGIN; CREATE TABLE forgotten (x int)');
      const beside = await visibleFigures(server, store, 'a transaction left open in another database');
      await open.end();
      const [verified] = [await timedRate(async () => Number((await store.verifyChain()).verified))];
      return [
        { what: 'filling it: appends of 20 events each, 64 callers', values: [filled], unit: 'events/s' },
        ...reading,
        { what: 'verify, every hash', values: [verified], unit: 'events/s' },
        ...idle,
        ...beside,
        await pageFigure(server),
      ];
    } finally {
      await server.close();
    }
  },
};

/** @param work gives how many events it was about */
async function timedRate(work: () => Promise<number>): Promise<number> {
  let count = 0;
  const ms = await timed(async () => (count = await work()));
  return count / (ms / 1000);
}

async function replayFigures(server: BenchServer, store: PostgresEventStore): Promise<Figure[]> {
  const cursor = await timedRate(() => readByCursor(server));
  const beside = { what: 'a plain cursor over the same rows', value: cursor };
  const figures: Figure[] = [];
  for (const view of views) {
    let events = 0;
    const rate = await timedRate(async () => (events = (await rebuild(view, store, server.pool)).events));
    const stored = Number(await store.head());
    if (events !== stored) throw new Error(`${view.name} was given ${events} events of ${stored}`);
    figures.push({
      what: `replay of ${view.name}`,
      values: [rate],
      unit: 'events/s',
      beside,
      target: '100,000 events/s and a ratio of 0.5',
    });
  }
  return figures;
}

async function readByCursor(server: BenchServer): Promise<number> {
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
  return count;
}

/** From before the append until a reader of the list view can see it. */
async function visibleFigures(
  server: BenchServer,
  store: PostgresEventStore,
  circumstances: string,
): Promise<Figure[]> {
  const watch = new CheckpointWatch(server.pool);
  const [list] = views;
  if (!list) throw new Error('no views');
  const runner = new ProjectionRunner(list, {
    store,
    pool: server.pool,
    connection: server.connection,
    watch,
  });
  await runner.start();
  await watch.waitFor(list.name, await store.head(), 60_000);
  const taken: number[] = [];
  for (let nth = 0; nth < APPENDS; nth++) {
    const event: NewEvent = {
      id: randomUUID(),
      type: 'ProjectRenamed',
      data: { displayName: `Seen ${nth}` },
      metadata,
    };
    taken.push(
      await timed(async () => {
        const { position } = await store.append(projectStream(idOf(nth)), 'any', [event]);
        await watch.waitFor(list.name, position, 10_000);
      }),
    );
    await sleep(5);
  }
  await runner.stop();
  return [
    {
      what: `append to visible, p50, ${circumstances}`,
      values: [quantile(taken, 0.5)],
      unit: 'ms',
      target: 'at most 5',
    },
    {
      what: `append to visible, p99, ${circumstances}`,
      values: [quantile(taken, 0.99)],
      unit: 'ms',
      target: 'at most 25',
    },
  ];
}

/** Pages anywhere in the trail of one owner, with and without a filter. */
async function pageFigure({ pool }: BenchServer): Promise<Figure> {
  await pool.query('ANALYZE view_audit_trail.entries');
  const taken: number[] = [];
  let cursor: string | undefined;
  for (let nth = 0; nth < PAGES; nth++) {
    const filters = [
      {},
      { type: 'ProjectRenamed' },
      { projectId: idOf(nth * OWNERS) },
      { until: new Date() },
    ];
    const query = {
      ownerId: ownerOf(0),
      limit: 100,
      ...filters[nth % filters.length],
      ...(nth % 4 === 0 && { cursor }),
    };
    taken.push(
      await timed(async () => {
        const page = await auditOf(pool, query);
        if (nth % 4 === 0) cursor = page.nextCursor ?? undefined;
      }),
    );
  }
  return {
    what: 'a page of 100 audit entries, p99',
    values: [quantile(taken, 0.99)],
    unit: 'ms',
    target: 'at most 10',
  };
}
