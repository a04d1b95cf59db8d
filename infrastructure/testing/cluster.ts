/** One throw-away PostgreSQL for all integration tests of a run (vitest's global setup). */
import { mkdtemp, rm, chmod, chown } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { findPostgres } from '../process/binaries.ts';
import { testPort } from './port.ts';
import { ensureSystemUser } from '../process/system-user.ts';
import { startEmbeddedPostgres } from '../postgres/embedded-postgres.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** a superuser's URL of the test cluster */
    clusterUrl: string;
  }
}

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const user = await ensureSystemUser('postgres');
  const folder = await mkdtemp(join(tmpdir(), 'launchdb-test-cluster-'));
  await chmod(folder, 0o755);
  if (user) await chown(folder, user.uid, user.gid);
  const port = await testPort();
  const server = await startEmbeddedPostgres({
    binaries: await findPostgres(user),
    dataDir: join(folder, 'data'),
    logFile: join(folder, 'postgres.log'),
    port,
    superuserPassword: 'test',
    user,
    log: quiet,
    settings: { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' },
  });
  project.provide('clusterUrl', `postgres://postgres:test@127.0.0.1:${port}/postgres`);
  return async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  };
}
