/** The owner's migrations with a real database, and a log that is away when it is told to be. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Unavailable } from '../../application/errors.ts';
import { migrateProject, migrationStatus } from '../../application/migration/migrate-project.ts';
import { newProject, USUAL_BOUNDS } from '../../application/ports/databases.contract.ts';
import type { EventMetadata, EventStore } from '../../application/ports/event-store.ts';
import {
  command,
  issued,
  makeHarness,
  request,
  runToRest,
  stateOf,
} from '../../application/testing/project-harness.ts';
import { projectMigrationsStream } from '../../domain/project/project-id.ts';
import { PostgresDatabases } from './postgres-databases.ts';
import { PostgresOwnerMigrations } from './postgres-owner-migrations.ts';
import type { PostgresServer } from './postgres-server.ts';
import { latestTemplateVersion } from './project-template.ts';
import { testServer } from '../testing/server.ts';

const harness = makeHarness();
const id = newProject();
const signal = new AbortController().signal;
const by = (owner: string): EventMetadata => ({
  correlationId: `correlation of ${owner}`,
  causationId: null,
  actor: { kind: 'owner', id: owner },
  reason: 'test',
});
let server: PostgresServer;
let databases: PostgresDatabases;
let away: string | undefined;
let reloads = 0;

const store = new Proxy(harness.store, {
  get(target, name: keyof EventStore) {
    if (name === 'append') {
      const append: EventStore['append'] = (stream, expected, events) =>
        events.some(({ type }) => type === away)
          ? Promise.reject(new Unavailable('append'))
          : target.append(stream, expected, events);
      return append;
    }
    const member: unknown = (target as EventStore)[name];
    return typeof member === 'function' ? (member.bind(target) as unknown) : member;
  },
});
const dependencies = () => ({
  store,
  ids: harness.ids,
  secrets: harness.world.secrets,
  ownerMigrations: new PostgresOwnerMigrations(server),
  dataApis: {
    reloadSchema: () => {
      reloads += 1;
      return Promise.resolve();
    },
  },
});
const migrate = async (name: string, sql: string, owner: string) =>
  migrateProject(
    dependencies(),
    await stateOf(harness, id),
    { files: [{ name, sql }], dryRun: false, limits: { statementTimeoutMs: 20_000, lockTimeoutMs: 1_000 } },
    by(owner),
    signal,
  );
const look = async () => migrationStatus(dependencies(), await stateOf(harness, id), by('looker'), signal);
const told = async () =>
  (await look()).history.map(({ type, data, metadata }) => [type, data.version, metadata.actor.id]);

beforeAll(async () => {
  server = await testServer();
  databases = new PostgresDatabases(server);
  await databases.ensureDatabase(id, await latestTemplateVersion());
  await databases.ensureUsers(id, issued.logins, USUAL_BOUNDS);
  await command(harness, id, request(id));
  await runToRest(harness, id);
});
afterAll(async () => {
  await databases.dropDatabase(id);
  await databases.removeUsers(id);
  await server.close();
});

test('what was applied and not recorded is recorded at the next look, by whom, and once', async () => {
  away = 'MigrationApplied';
  await expect(migrate('0001_a.sql', 'CREATE TABLE a ()', 'ada')).rejects.toThrow(Unavailable);
  await expect(look()).rejects.toThrow(Unavailable);
  away = undefined;
  const wanted = [
    ['MigrationStarted', 1, 'ada'],
    ['MigrationApplied', 1, 'ada'],
  ];
  expect(await Promise.all([told(), told(), told()])).toContainEqual(wanted);
  expect(await told()).toEqual(wanted);
  const [start, end] = (await look()).history;
  expect(end?.metadata.causationId).toBe(start?.id);
  expect(end?.metadata.correlationId).toBe('correlation of ada');
});

test('the next migration is a look as well', async () => {
  away = 'MigrationApplied';
  await expect(migrate('0002_b.sql', 'CREATE TABLE b ()', 'ada')).rejects.toThrow(Unavailable);
  away = undefined;
  const [again] = await migrate('0002_b.sql', 'CREATE TABLE b ()', 'bob');
  expect(again?.outcome).toBe('skipped');
  const last = (await harness.store.readStream(projectMigrationsStream(id))).at(-1);
  expect(last).toMatchObject({
    type: 'MigrationApplied',
    data: { version: 2 },
    metadata: { actor: { id: 'ada' } },
  });
});

test('nothing runs that the log cannot be told of; what only began is said to be cut off', async () => {
  away = 'MigrationStarted';
  await expect(migrate('0003_c.sql', 'CREATE TABLE c ()', 'ada')).rejects.toThrow(Unavailable);
  expect((await look()).applied).toHaveLength(2);
  away = 'MigrationFailed';
  await expect(migrate('0003_c.sql', 'SELECT nope', 'ada')).rejects.toThrow(Unavailable);
  away = undefined;
  const { history, applied } = await look();
  expect(applied).toHaveLength(2);
  expect(history.at(-1)).toMatchObject({ type: 'MigrationFailed', data: { outcome: 'cut off', version: 3 } });
});

test('a row that nobody began, as in a restored database, is recorded as found', async () => {
  await server.inDatabase(id, 'restore', (client) =>
    client.query(
      `INSERT INTO launchdb.owner_migrations VALUES (3, '0003_c.sql', repeat('0', 64), 'SELECT 1', 1, now())`,
    ),
  );
  expect((await told()).at(-1)).toEqual(['MigrationApplied', 3, 'migrations']);
  const length = (await look()).history.length;
  await server.inDatabase(id, 'restore', (client) =>
    client.query('DELETE FROM launchdb.owner_migrations WHERE version = 3'),
  );
  expect((await look()).history).toHaveLength(length);
});

test('the REST API is told when something was applied, and only then', async () => {
  reloads = 0;
  await migrate('0003_c.sql', 'CREATE TABLE c ()', 'ada');
  await migrate('0003_c.sql', 'CREATE TABLE c ()', 'ada');
  await expect(migrate('0004_d.sql', 'SELECT nope', 'ada')).rejects.toMatchObject({
    name: 'MigrationRefused',
    file: '0004_d.sql',
    place: { line: 1, column: 8 },
  });
  expect(reloads).toBe(1);
});
