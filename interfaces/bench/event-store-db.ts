/** A server of EventStoreDB's protocol, our store on it, and its plain client beside. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { EventStoreDBClient } from '@eventstore/db-client';
import { eventCatalogue } from '../../infrastructure/event-store/codec/event-catalogue.ts';
import { EsdbEventStore } from '../../infrastructure/event-store/eventstoredb/esdb-event-store.ts';
import type { Context } from './section.ts';

const PROGRAM = join(
  import.meta.dirname,
  '..',
  '..',
  'infrastructure',
  'testing',
  'esdb-server',
  'run-esdb-server.ts',
);

/** The one that EVENTSTOREDB_URL names, which has to be empty; otherwise the tests' own, a process of its own. */
export const eventStoreDb = (context: Context) =>
  context.share('EventStoreDB', async () => {
    const given = process.env['EVENTSTOREDB_URL'];
    const own = given === undefined ? await startOwn() : undefined;
    const url = given ?? own?.url ?? '';
    const store = new EsdbEventStore({ url, catalogue: eventCatalogue });
    const client = EventStoreDBClient.connectionString(url);
    return {
      store,
      client,
      server: own ? "the tests' double" : 'a real server',
      async close() {
        await store.close();
        await client.dispose();
        own?.child.kill('SIGKILL');
      },
    };
  });

async function startOwn() {
  const child = spawn(process.execPath, [PROGRAM, '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    child,
    url: line
      .toString()
      .trim()
      .replace(/^ready /, ''),
  };
}
