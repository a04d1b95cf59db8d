import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureSystemUser, type ProgramKind, type SystemUser } from '../process/system-user.ts';

export interface TestFolder {
  readonly path: string;
  readonly user: SystemUser | undefined;
  remove(): Promise<void>;
}

/** A throw-away folder that the system user of children may enter. */
export async function testFolder(kind: ProgramKind = 'postgres'): Promise<TestFolder> {
  const user = await ensureSystemUser(kind);
  const path = await mkdtemp(join(tmpdir(), 'launchdb-test-'));
  await chmod(path, 0o755);
  if (user) await chown(path, user.uid, user.gid);
  return { path, user, remove: () => rm(path, { recursive: true, force: true }) };
}

export const quietLog = { debug() {}, info() {}, warn() {}, error() {} };
