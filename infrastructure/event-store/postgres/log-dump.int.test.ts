/** B27: the log is dumped, restored into a cluster that has never seen it, and goes on there. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { expect, onTestFinished, test } from 'vitest';
import {
  contractCatalogue,
  follow,
  newEvents,
  newStream,
} from '../../../application/ports/event-store.contract.ts';
import { prepareLogDatabase } from '../../postgres/platform-database.ts';
import { testDatabase } from '../../testing/database.ts';
import { PG_DUMP } from '../../process/system-programs.ts';
import { testFolder } from '../../testing/folder.ts';
import { ownServer } from '../../testing/own-server.ts';
import { PostgresEventStore } from './postgres-event-store.ts';

const run = promisify(execFile);

function storeOn(url: string): PostgresEventStore {
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  pool.on('error', () => {});
  const store = new PostgresEventStore({
    pool,
    connection: { connectionString: url },
    catalogue: contractCatalogue,
  });
  onTestFinished(async () => {
    await store.close();
    await pool.end();
  });
  return store;
}

/** Another cluster, of which transaction ids have not come as far as those of the first. */
async function freshCluster(): Promise<string> {
  const { server, close } = await ownServer();
  onTestFinished(close);
  const { user, password, port } = server.address;
  return `postgres://${user}:${password}@127.0.0.1:${port}/postgres`;
}

test('B27 dump, restore into a fresh cluster, resume: nothing is lost, nothing comes twice', async () => {
  const database = await testDatabase();
  onTestFinished(() => database[Symbol.asyncDispose]());
  await prepareLogDatabase(database.url);
  const before = storeOn(database.url);
  const streams = Array.from({ length: 20 }, newStream);
  for (const stream of streams) await before.append(stream, 'none', newEvents(100));
  const head = await before.head();

  const pgDump = (await PG_DUMP.find(''))!;
  const folder = await testFolder();
  onTestFinished(() => folder.remove());
  const dump = join(folder.path, 'log.dump');
  await run(pgDump, ['--format=custom', '--file', dump, database.url]);
  const freshUrl = await freshCluster();
  // roles are the cluster's, not the database's
  const client = new pg.Client({ connectionString: freshUrl });
  await client.connect();
  await client.query('CREATE ROLE launchdb_platform NOLOGIN');
  await client.end();
  await run(pgDump.replace(/pg_dump$/, 'pg_restore'), ['--dbname', freshUrl, '--exit-on-error', dump]);

  const after = storeOn(freshUrl);
  expect(await after.head()).toBe(head);
  expect(await after.verifyChain()).toEqual({ verified: head, brokenAt: null });
  // a subscriber goes on from its checkpoint, over the seam
  const checkpoint = head - 10n;
  const fresh = newEvents(5);
  const following = follow(after, { after: checkpoint }, (seen) => seen.length === 15);
  expect(await after.append(streams[0]!, 99, fresh)).toEqual({ revision: 104, position: head + 5n });
  const { events } = await following;
  expect(events.map(({ position }) => position)).toEqual(
    Array.from({ length: 15 }, (_, at) => checkpoint + BigInt(at + 1)),
  );
  expect(events.slice(10).map(({ id }) => id)).toEqual(fresh.map(({ id }) => id));
  expect(await after.verifyChain()).toEqual({ verified: head + 5n, brokenAt: null });
});
