/**
 * `postmaster.pid` of a server that was killed. PostgreSQL refuses to start as long as a process of its user has the
 * number in it, whatever that process is: after a restart of the machine that is somebody else.
 */
import { readFile, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listPrograms } from '../process/process-table.ts';

/**
 * Puts our own number into the file unless a server runs there: a postmaster takes its parent's number for a leftover.
 * The file stays, because PostgreSQL finds by its other lines whether sessions of the old server are still at work.
 */
export async function disownPidFile(dataDir: string): Promise<void> {
  const file = join(dataDir, 'postmaster.pid');
  const [first = '', ...others] = (await readFile(file, 'utf8').catch(() => '')).split('\n');
  const pid = Number(first);
  if (!Number.isInteger(pid) || pid <= 0 || (await runsOn(pid, dataDir))) return;
  await writeFile(file, [process.pid, ...others].join('\n'));
}

/** A postmaster works in its data directory; where that cannot be seen, its command line names it. */
async function runsOn(pid: number, dataDir: string): Promise<boolean> {
  const folder = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  if (folder !== undefined) return folder === dataDir;
  const program = (await listPrograms()).find((one) => one.pid === pid);
  return program !== undefined && program.command.includes(dataDir);
}
