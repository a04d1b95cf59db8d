import { execFile } from 'node:child_process';
import { chown, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { endProcess, listPrograms } from './process-table.ts';
import type { SystemUser } from './system-user.ts';

const run = promisify(execFile);
const NAMES_AT_ONCE = 500;

/** INT is PostgreSQL's fast stop */
const ENDING = [
  { signal: 'SIGINT', waitMs: 10_000 },
  { signal: 'SIGQUIT', waitMs: 5_000 },
  { signal: 'SIGKILL', waitMs: 2_000 },
] as const;

/**
 * Gives a folder with all that is in it to a user. What runs in it as the user that it had before is ended: it could
 * not go on with files that are another one's.
 */
export async function takeOver(folder: string, user: SystemUser): Promise<void> {
  const { uid: before } = await stat(folder);
  if (before === user.uid) return;
  // root's are not programs of ours
  if (before !== 0) await endProgramsIn(folder, before);
  const names = (await readdir(folder)).map((name) => join(folder, name));
  for (let at = 0; at < names.length; at += NAMES_AT_ONCE) {
    // links themselves, never what they lead to
    await run('chown', ['-RhP', `${user.uid}:${user.gid}`, '--', ...names.slice(at, at + NAMES_AT_ONCE)]);
  }
  // last: a start that broke off in between does it again
  await chown(folder, user.uid, user.gid);
}

async function endProgramsIn(folder: string, uid: number): Promise<void> {
  for (const { pid, command } of await listPrograms()) {
    if (!command.includes(`${folder}/`)) continue;
    const owner = await stat(`/proc/${pid}`).catch(() => undefined);
    if (owner?.uid === uid) await endProcess(pid, ENDING);
  }
}
