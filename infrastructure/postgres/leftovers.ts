/**
 * What a server that was killed has left behind, which keeps PostgreSQL from starting there again: sessions that have not
 * noticed (one that hangs never does) and `postmaster.pid`, when it is empty, or a process of PostgreSQL's user, whatever it
 * is, has the number in it (after a restart of the machine it is somebody else).
 */
import { open, readFile, readlink, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { endProcess, listPrograms } from '../process/process-table.ts';

/** QUIT is the immediate end: nothing is written any more, and the next start recovers by the write-ahead log. */
const ENDING = [
  { signal: 'SIGQUIT', waitMs: 500 },
  { signal: 'SIGKILL', waitMs: 2_000 },
] as const;

/** Does nothing where a server runs. @param socket its unix socket, whose lock a kill leaves, too */
export async function clearLeftovers(folder: string, socket?: string): Promise<void> {
  // as the system tells where somebody works
  const dataDir = await realpath(folder);
  const file = join(dataDir, 'postmaster.pid');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  const [first = '', ...others] = text?.split('\n') ?? [];
  const pid = Number(first);
  const isNumber = Number.isInteger(pid) && pid > 0;
  if (isNumber && (await runsOn(pid, dataDir))) return;
  const orphans = await sessionsIn(dataDir);
  await Promise.all(orphans.map((orphan) => endProcess(orphan, ENDING)));
  if (socket !== undefined) await rm(`${socket}.lock`, { force: true });
  // its postmaster was killed between making and writing it
  if (text === '') await rm(file);
  // a postmaster takes its parent's number for a leftover, and goes by the other lines, where we see no sessions
  if (isNumber) await overwrite(file, [process.pid, ...others].join('\n'));
}

/** Of a server that is gone: they work in its data directory, and call themselves `postgres: ...`. */
async function sessionsIn(dataDir: string): Promise<readonly number[]> {
  const all = (await listPrograms()).filter(({ command }) => command.startsWith('postgres: '));
  const folders = await Promise.all(all.map(({ pid }) => workingFolder(pid)));
  return all.flatMap(({ pid }, nth) => (folders[nth] === dataDir ? [pid] : []));
}

/** By one write over what is there: killed before or after it, we never leave the file empty. Its owner stays. */
async function overwrite(path: string, text: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const { bytesWritten } = await file.write(text, 0);
    await file.truncate(bytesWritten);
  } finally {
    await file.close();
  }
}

/** A postmaster works in its data directory; where that cannot be seen, its command line names it. */
async function runsOn(pid: number, dataDir: string): Promise<boolean> {
  const folder = await workingFolder(pid);
  if (folder !== undefined) return folder === dataDir;
  const program = (await listPrograms()).find((one) => one.pid === pid);
  return program !== undefined && program.command.includes(dataDir);
}

/** undefined: it is gone, somebody else's, or the system does not tell */
const workingFolder = (pid: number): Promise<string | undefined> =>
  readlink(`/proc/${pid}/cwd`).catch(() => undefined);
