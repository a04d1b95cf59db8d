/** One throw-away PostgreSQL for all integration tests of a run (vitest's global setup). */
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { startEmbeddedPostgres } from '../postgres/embedded-postgres.ts';
import { findPostgres } from '../process/binaries.ts';
import { copyCluster, EMPTY_PASSWORD, NOT_DURABLE } from './empty-cluster.ts';
import { quietLog, testFolder } from './folder.ts';
import { testPort } from './port.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** a superuser's URL of the test cluster */
    clusterUrl: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const [folder, port] = [await testFolder(), await testPort()];
  const dataDir = join(folder.path, 'data');
  await copyCluster(project.getProvidedContext().emptyCluster, dataDir);
  const server = await startEmbeddedPostgres({
    binaries: await findPostgres(folder.user),
    dataDir,
    logFile: join(folder.path, 'postgres.log'),
    port,
    superuserPassword: EMPTY_PASSWORD,
    user: folder.user,
    log: quietLog,
    settings: NOT_DURABLE,
  });
  project.provide('clusterUrl', `postgres://postgres:${EMPTY_PASSWORD}@127.0.0.1:${port}/postgres`);
  return async () => {
    await server.stop();
    await folder.remove();
  };
}
