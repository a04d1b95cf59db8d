/** What every projection must do, and a place to try it: a database with the rights that the platform has. */
import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProjectEvent, SigningKey } from '../domain/project/events.ts';
import { projectId, projectStream, type ProjectId } from '../domain/project/project-id.ts';
import type { OperatorTokenEvent } from '../domain/operator/operator-tokens.ts';
import type { InviteEvent } from '../domain/owner/invite.ts';
import type { OwnerEvent } from '../domain/owner/events.ts';
import type { ProjectNameEvent } from '../domain/project/project-name.ts';
import type { EventMetadata, EventStore, NewEvent, StoredEvent } from '../application/ports/event-store.ts';
import { eventCatalogue } from '../infrastructure/event-store/codec/event-catalogue.ts';
import { InMemoryEventStore } from '../infrastructure/event-store/memory/in-memory-event-store.ts';
import { onCluster, testDatabase, type TestDatabase } from '../infrastructure/testing/database.ts';
import { compareRows } from './compare-rows.ts';
import { enter, writeBatch } from './parking.ts';
import { liveTarget, type Projection } from './projection.ts';
import { rebuild } from './rebuild.ts';
import { transaction, withClient } from './transaction.ts';

const CREATE_ROLE = `DO $$ BEGIN
  CREATE ROLE test_projections;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`;

/** A database in which a role that is no superuser may create schemas, and a pool of that role's sessions. */
export class ViewDatabase implements AsyncDisposable {
  readonly database: TestDatabase;
  readonly connection: pg.ClientConfig;
  readonly pool: pg.Pool;

  private constructor(database: TestDatabase) {
    this.database = database;
    this.connection = { connectionString: database.url, options: '-c role=test_projections' };
    this.pool = new pg.Pool({ ...this.connection, max: 10 });
    this.pool.on('error', () => {});
  }

  static async create(): Promise<ViewDatabase> {
    const database = await testDatabase();
    await onCluster(database.url, async (client) => {
      await client.query(CREATE_ROLE);
      await client.query(`GRANT CREATE ON DATABASE ${database.name} TO test_projections`);
    });
    return new ViewDatabase(database);
  }

  async sql<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.database.pool.query<Row>(text, values)).rows;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.pool.end();
    await onCluster(this.database.clusterUrl, async (client) => {
      await client.query(`REVOKE ALL ON DATABASE ${this.database.name} FROM test_projections`);
    });
    await this.database[Symbol.asyncDispose]();
  }
}

export type AnyEvent = ProjectEvent | OwnerEvent | ProjectNameEvent | InviteEvent | OperatorTokenEvent;

export const newStore = (now = () => new Date()): InMemoryEventStore =>
  new InMemoryEventStore({ catalogue: eventCatalogue, now });

export const newProjectId = (): ProjectId =>
  projectId(`proj_${randomUUID().replaceAll('-', '').slice(0, 16)}`);

export const byOwner = (ownerId: string): EventMetadata => ({
  correlationId: randomUUID(),
  causationId: null,
  actor: { kind: 'owner', id: ownerId },
  reason: 'test',
  requestId: 'request-1',
  ip: '192.0.2.1',
  userAgent: 'tést/1 "quoted" \\ 😀',
});

const asNew = (event: AnyEvent, metadata: EventMetadata): NewEvent => ({
  id: randomUUID(),
  type: event.type,
  data: event.data,
  metadata,
});

export async function record(
  store: Pick<EventStore, 'append'>,
  stream: string,
  events: readonly AnyEvent[],
  metadata: EventMetadata = byOwner('own_0000000000000001'),
): Promise<bigint> {
  const { position } = await store.append(
    stream,
    'any',
    events.map((event) => asNew(event, metadata)),
  );
  return position;
}

export const SEALED_TEXT = 'sealed-and-still-nobodys-business';

const SIGNING_KEY: SigningKey = {
  publicKey: { kid: 'kid', use: 'sig', alg: 'ES256', kty: 'EC', crv: 'P-256', x: 'x', y: 'y' },
  sealed: { keyVersion: 1, ciphertext: SEALED_TEXT },
};

export const requested = (
  id: ProjectId,
  change: { ownerId?: string; name?: string; displayName?: string } = {},
): ProjectEvent => ({
  type: 'ProjectRequested',
  data: {
    projectId: id,
    ownerId: 'own_0000000000000001',
    name: 'shop',
    displayName: 'Robert\'); DROP TABLE "projects"; -- 𝔘ñí ☃',
    templateVersion: 3,
    server: 'main',
    secrets: { keyVersion: 1, ciphertext: SEALED_TEXT },
    dataApi: { maxRows: 1000, schemas: ['public'] },
    ...change,
  },
});

/** A spare one that stands ready, and its claim. */
export function spare(
  id: ProjectId,
  ownerId: string,
): { ready: readonly AnyEvent[]; claimed: readonly AnyEvent[] } {
  const common = { projectId: id, templateVersion: 3, server: 'main' };
  const dataApi = { maxRows: 1000, schemas: ['public'] };
  const secrets = { keyVersion: 1, ciphertext: SEALED_TEXT };
  const asked = { requestedAs: newProjectId(), ownerId, name: 'ready', displayName: 'Ready' };
  return {
    ready: [
      { type: 'SpareRequested', data: { ...common, secrets, dataApi } },
      ...PROVISIONED.slice(0, -1),
      fact('SparePrepared'),
    ],
    claimed: [{ type: 'SpareClaimed', data: { ...common, ...asked, dataApi } }, fact('ProjectActivated')],
  };
}

/** A fact without data. */
export const fact = (type: AnyEvent['type']): AnyEvent => ({ type, data: {} }) as AnyEvent;

export const PROVISIONED: readonly AnyEvent[] = [
  { type: 'DatabaseCreated', data: { databaseName: 'x' } },
  { type: 'DatabaseUsersCreated', data: { roles: [] } },
  { type: 'SchemaMigrated', data: { version: 3 } },
  fact('PoolRegistered'),
  fact('PostgrestSpawned'),
  fact('ProjectActivated'),
];

/** Projects of two owners in many states, their streams interleaved as real ones are. */
export async function recordScenario(store: EventStore): Promise<readonly ProjectId[]> {
  const owners = ['own_0000000000000001', 'own_0000000000000002'];
  const paused = [
    fact('ProjectPauseRequested'),
    fact('PostgrestRemoved'),
    fact('PoolUnregistered'),
    fact('DatabaseClosed'),
    fact('ProjectPaused'),
  ];
  const failed = (retryAt: string | null, direction: 'do' | 'undo' = 'do'): AnyEvent => ({
    type: 'StepFailed',
    data: { step: 'create-database', direction, attempt: 1, reason: 'could not', retryAt },
  });
  const suspended: AnyEvent = {
    type: 'ProjectSuspended',
    data: { step: 'create-database', reason: 'could not' },
  };
  const lives: AnyEvent[][] = [
    [...PROVISIONED, { type: 'ProjectRenamed', data: { displayName: 'Café' } }],
    [
      ...PROVISIONED,
      ...paused,
      { type: 'DataApiSettingsChanged', data: { dataApi: { maxRows: 5, schemas: [] } } },
    ],
    [
      ...PROVISIONED,
      { type: 'DataApiSettingsChanged', data: { dataApi: { maxRows: 7, schemas: [] } } },
      { type: 'SigningKeyChanged', data: { key: SIGNING_KEY, overlapUntil: '2026-01-01T00:00:00.000Z' } },
      fact('PostgrestReloaded'),
      { type: 'SigningKeyChanged', data: { key: null, overlapUntil: '2030-01-01T00:00:00.000Z' } },
      fact('PostgrestReloaded'),
      { type: 'SigningKeysRetired', data: { kids: [SIGNING_KEY.publicKey.kid] } },
    ],
    [
      failed('2026-01-01T00:00:00.000Z'),
      ...PROVISIONED,
      fact('ProjectPurgeRequested'),
      fact('ProjectPurged'),
    ],
    [failed(null), failed(null, 'undo'), suspended, fact('StepRetryRequested'), fact('DatabaseDropped')],
    [...PROVISIONED, { type: 'ProjectDeletionRequested', data: { purgeAfter: '2030-01-01T00:00:00.000Z' } }],
    [],
  ];
  const ids = lives.map(() => newProjectId());
  for (const [index, id] of ids.entries()) {
    const ownerId = owners[index % 2]!;
    await record(store, `projectname-${ownerId}-name-${index}`, [
      { type: 'ProjectNameReserved', data: { projectId: id } },
    ]);
    await record(store, projectStream(id), [requested(id, { ownerId })], byOwner(ownerId));
  }
  await record(store, 'owner-own_0000000000000001', [
    { type: 'OwnerRegistered', data: { ownerId: 'own_0000000000000001', sealedEmail: SEALED_TEXT } },
  ]);
  const [taken, left] = [newProjectId(), newProjectId()];
  const { ready, claimed } = spare(taken, owners[0]!);
  await record(store, projectStream(taken), ready);
  await record(store, projectStream(left), [
    ...spare(left, '').ready,
    { type: 'SpareGivenUp', data: { because: 'age' } },
  ]);
  await record(store, projectStream(newProjectId()), [{ type: 'SpareChosen', data: { spare: taken } }]);
  await record(store, projectStream(taken), claimed);
  for (let place = 0; lives.some((life) => place < life.length); place++) {
    for (const [index, life] of lives.entries()) {
      const event = life[place];
      if (event) await record(store, projectStream(ids[index]!), [event]);
    }
  }
  return ids;
}

export async function readEvents(store: EventStore, projection: Projection): Promise<readonly StoredEvent[]> {
  const { filter } = projection;
  return (await store.readAll({ after: 0n, limit: 100_000, ...(filter && { filter }) })).events;
}

export function projectionContract(projection: Projection): void {
  describe(`${projection.name} is a projection`, () => {
    let views: ViewDatabase;

    beforeAll(async () => {
      views = await ViewDatabase.create();
    });
    afterAll(() => views[Symbol.asyncDispose]());

    test('one batch, single events and pieces of any size give the same rows', async () => {
      const store = newStore();
      await recordScenario(store);
      const events = await readEvents(store, projection);
      // makes the tables, empty
      expect(await rebuild(projection, newStore(), views.pool)).toMatchObject({ rows: 0, events: 0 });
      await withClient(views.pool, (client) =>
        writeBatch(client, liveTarget(projection), { events, unreadable: [] }),
      );
      const tables = await readFile(projection.schemaUrl, 'utf8');
      for (const size of [1, 7]) {
        const target = { projection, schema: `pieces_of_${size}`, parkedAs: `pieces of ${size}` };
        await withClient(views.pool, async (client) => {
          await transaction(client, async () => {
            await client.query(`CREATE SCHEMA ${target.schema}`);
            await enter(client, target);
            await client.query(tables);
          });
          for (let from = 0; from < events.length; from += size) {
            await writeBatch(client, target, { events: events.slice(from, from + size), unreadable: [] });
          }
          const compared = await compareRows(client, liveTarget(projection).schema, target.schema);
          expect(compared).toEqual({ equal: true, differing: [] });
        });
      }
      expect(await views.sql('SELECT reason FROM projection.parked')).toEqual([]);
    });

    test('C44 a rebuild gives rows that are equal byte for byte', async () => {
      const store = newStore();
      await recordScenario(store);
      const first = await rebuild(projection, store, views.pool);
      expect(first.rows).toBeGreaterThan(0);
      const again = await rebuild(projection, store, views.pool, { batchSize: 3 });
      expect(again).toMatchObject({ equal: true, differing: [], rows: first.rows, events: first.events });
      const asked = await readFile(projection.indexesUrl ?? projection.schemaUrl, 'utf8');
      for (const [, index] of asked.matchAll(/^CREATE INDEX (\w+)/gm)) {
        const there = await views.sql('SELECT FROM pg_indexes WHERE schemaname = $1 AND indexname = $2', [
          liveTarget(projection).schema,
          index,
        ]);
        expect(there).toHaveLength(1);
      }
    });
  });
}
