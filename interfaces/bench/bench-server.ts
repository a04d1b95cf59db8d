/** A PostgreSQL of the bench's own, with the settings of the product, and the platform's log in it. */
import { join } from 'node:path';
import type pg from 'pg';
import type { EventCatalogue } from '../../infrastructure/event-store/codec/event-codec.ts';
import { eventCatalogue } from '../../infrastructure/event-store/codec/event-catalogue.ts';
import { PostgresEventStore } from '../../infrastructure/event-store/postgres/postgres-event-store.ts';
import { startEmbeddedPostgres } from '../../infrastructure/postgres/embedded-postgres.ts';
import { preparePlatformDatabase } from '../../infrastructure/postgres/platform-database.ts';
import { PostgresServer } from '../../infrastructure/postgres/postgres-server.ts';
import { sessionPool } from '../../infrastructure/postgres/session-pool.ts';
import { findPostgres } from '../../infrastructure/process/binaries.ts';
import { testPort } from '../../infrastructure/testing/port.ts';
import { quietLog, testFolder } from '../../infrastructure/testing/folder.ts';
import type { Context } from './section.ts';

export interface BenchServer {
  readonly port: number;
  /** a superuser's connection to any database */
  superuser(database: string): pg.ClientConfig;
  /** the platform's own login and database */
  readonly connection: pg.ClientConfig;
  readonly pool: pg.Pool;
  store(catalogue?: EventCatalogue): PostgresEventStore;
  close(): Promise<void>;
}

export const PASSWORD = 'bench';

export async function benchServer(): Promise<BenchServer> {
  const [folder, port] = [await testFolder(), await testPort()];
  const program = await startEmbeddedPostgres({
    binaries: await findPostgres(folder.user),
    dataDir: join(folder.path, 'data'),
    logFile: join(folder.path, 'log'),
    port,
    superuserPassword: PASSWORD,
    user: folder.user,
    log: quietLog,
  });
  const superuser = (database: string) => ({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password: PASSWORD,
    database,
  });
  const server = new PostgresServer(superuser('postgres'));
  const connection = await preparePlatformDatabase(server, PASSWORD);
  const pool = sessionPool({ ...connection, max: 12 });
  const stores: PostgresEventStore[] = [];
  const close = async () => {
    await Promise.all(stores.map((store) => store.close()));
    await pool.end();
    await server.close();
    await program.stop();
    await folder.remove();
  };
  // several may have had a part in it
  let closed: Promise<void> | undefined;
  return {
    port,
    superuser,
    connection,
    pool,
    store(catalogue = eventCatalogue) {
      const store = new PostgresEventStore({ pool, connection, catalogue });
      stores.push(store);
      return store;
    },
    close: () => (closed ??= close()),
  };
}

/** Of a section; in a quick run of all of them. */
export const sharedServer = (context: Context): Promise<BenchServer> =>
  context.quick ? context.shareWithAll('server', benchServer) : context.share('server', benchServer);
