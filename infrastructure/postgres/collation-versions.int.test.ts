/** A data directory made with the npm package's build goes on with the system's, with its data in the right order. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  bundledBinaries,
  findSystemPostgres,
  majorOfData,
  type PostgresBinaries,
} from '../process/binaries.ts';
import { testPort } from '../testing/port.ts';
import { quietLog, testFolder, type TestFolder } from '../testing/folder.ts';
import { keepCollationsTrue } from './collation-versions.ts';
import { startEmbeddedPostgres, SUPERUSER } from './embedded-postgres.ts';
import { PostgresServer } from './postgres-server.ts';

let folder: TestFolder;
let port: number;
beforeAll(async () => {
  folder = await testFolder();
  port = await testPort();
});
afterAll(() => folder.remove());

const dataDir = () => join(folder.path, 'data');

async function on<T>(build: PostgresBinaries, work: (server: PostgresServer) => Promise<T>): Promise<T> {
  const program = await startEmbeddedPostgres({
    binaries: build,
    dataDir: dataDir(),
    logFile: join(folder.path, 'postgres.log'),
    port,
    superuserPassword: 'test',
    user: folder.user,
    log: quietLog,
  });
  const server = new PostgresServer({ host: '127.0.0.1', port, user: SUPERUSER, password: 'test' });
  try {
    return await work(server);
  } finally {
    await server.close();
    await program.stop();
  }
}

const stale = (server: PostgresServer, database: string) =>
  server.inDatabase(database, 'look', async (client) => {
    const { rows } = await client.query<{ count: string }>(
      `SELECT count(*) FROM pg_collation WHERE collversion <> pg_collation_actual_version(oid)`,
    );
    return Number(rows[0]?.count);
  });

test("made with the npm package's build, it starts with the system's of its major version, and sorts as that does", async () => {
  const bundled = await bundledBinaries(folder.user);
  await on(bundled, async (server) => {
    await server.administer('make', (client) => client.query('CREATE DATABASE shop'));
    await server.inDatabase('shop', 'fill', (client) =>
      client.query(
        `CREATE TABLE public.words (word text COLLATE "de-x-icu" PRIMARY KEY, plain text UNIQUE);
         INSERT INTO public.words SELECT chr(96 + n % 26) || n, n FROM generate_series(1, 1000) n`,
      ),
    );
    expect(await keepCollationsTrue(server, quietLog)).toBe(0);
  });
  const major = await majorOfData(dataDir());
  const ofSystem = await findSystemPostgres(major);
  // a system of another major version: there such a directory stays with the npm package's build
  if (!ofSystem) return;
  expect(ofSystem.postgres).not.toBe(bundled.postgres);
  await on(ofSystem, async (server) => {
    expect(await stale(server, 'shop')).toBeGreaterThan(0);
    expect(await keepCollationsTrue(server, quietLog)).toBe(1);
    for (const database of ['shop', 'postgres', 'template1']) expect(await stale(server, database)).toBe(0);
    await server.administer('make', (client) => client.query('CREATE DATABASE fresh TEMPLATE template0'));
    expect(await stale(server, 'fresh')).toBe(0);
    const { rows } = await server.inDatabase('shop', 'read', (client) =>
      client.query<{ count: string }>(
        `SELECT count(*) FROM public.words WHERE word >= 'm' COLLATE "de-x-icu"`,
      ),
    );
    expect(Number(rows[0]?.count)).toBeGreaterThan(100);
    expect(await keepCollationsTrue(server, quietLog)).toBe(0);
    const template = await server.administer('look', (client) =>
      client.query(`SELECT datallowconn FROM pg_database WHERE datname = 'template0'`),
    );
    expect(template.rows).toEqual([{ datallowconn: false }]);
  });
});
