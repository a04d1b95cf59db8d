/** A PostgreSQL that a test file has for itself, as initdb left it. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';
import { startEmbeddedPostgres, SUPERUSER } from '../postgres/embedded-postgres.ts';
import { PostgresServer } from '../postgres/postgres-server.ts';
import { findPostgres } from '../process/binaries.ts';
import { copyCluster, EMPTY_PASSWORD, NOT_DURABLE } from './empty-cluster.ts';
import { quietLog, testFolder } from './folder.ts';
import { testPort } from './port.ts';

export interface OwnServer {
  readonly server: PostgresServer;
  /** what it has logged */
  readonly log: () => Promise<string>;
  readonly close: () => Promise<void>;
}

export async function ownServer(settings: Readonly<Record<string, number>> = {}): Promise<OwnServer> {
  const [folder, port] = [await testFolder(), await testPort()];
  const [dataDir, logFile] = [join(folder.path, 'data'), join(folder.path, 'postgres.log')];
  await copyCluster(inject('emptyCluster'), dataDir);
  const program = await startEmbeddedPostgres({
    binaries: await findPostgres(folder.user),
    dataDir,
    logFile,
    port,
    superuserPassword: EMPTY_PASSWORD,
    user: folder.user,
    log: quietLog,
    settings: { ...NOT_DURABLE, ...settings },
  });
  const server = new PostgresServer({
    host: '127.0.0.1',
    port,
    user: SUPERUSER,
    password: EMPTY_PASSWORD,
  });
  return {
    server,
    log: () => readFile(logFile, 'utf8'),
    close: async () => {
      await server.close();
      await program.stop();
      await folder.remove();
    },
  };
}
