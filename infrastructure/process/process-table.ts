import { execFile } from 'node:child_process';
import { readFile, readdir } from 'node:fs/promises';
import { promisify } from 'node:util';
import { BackOff } from '../../application/background/back-off.ts';

const run = promisify(execFile);

export interface RunningProgram {
  readonly pid: number;
  readonly command: string;
}

/** Every process of this machine with its command line (arguments joined by one space). */
export async function listPrograms(): Promise<RunningProgram[]> {
  if (process.platform !== 'linux') return listByPs();
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const programs = await Promise.all(pids.map(async (pid) => ({ pid, command: await commandOf(pid) })));
  return programs.filter((program) => program.command !== '');
}

async function commandOf(pid: number): Promise<string> {
  // empty for kernel threads and zombies, an error for what ended meanwhile
  const raw = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return raw.replace(/\0+$/, '').replaceAll('\0', ' ');
}

async function listByPs(): Promise<RunningProgram[]> {
  const { stdout } = await run('ps', ['-axww', '-o', 'pid=,command='], { maxBuffer: 64 * 1024 * 1024 });
  return stdout.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(.*)$/.exec(line);
    return match ? [{ pid: Number(match[1]), command: match[2] ?? '' }] : [];
  });
}

/** False for a process that has ended, also when nobody has collected its exit status (a zombie). */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  if (process.platform !== 'linux') return true;
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !/\) [ZX] /.test(stat);
}

/** A text that names this very run of a process: a pid alone is used again. */
export async function processIdentity(pid: number): Promise<string | undefined> {
  if (!(await isAlive(pid))) return undefined;
  if (process.platform !== 'linux') {
    const { stdout } = await run('ps', ['-o', 'lstart=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
    return stdout.trim() === '' ? undefined : `${pid} ${stdout.trim()}`;
  }
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  // the 22nd field is the start time; the second may hold spaces, so count from its closing bracket
  const startedAt = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return startedAt === undefined ? undefined : `${pid} ${startedAt}`;
}

/** Sends a signal; false when the process is not there. */
export function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    process.kill(pid, name);
    return true;
  } catch {
    return false;
  }
}

/** it ends in a moment, or it takes long */
const LOOKS = { firstMs: 2, longestMs: 50 };

/** Signals one after another, each with its bound, until the process has ended. */
export async function endProcess(
  pid: number,
  steps: readonly { readonly signal: NodeJS.Signals; readonly waitMs: number }[],
): Promise<boolean> {
  for (const step of steps) {
    signal(pid, step.signal);
    const deadline = performance.now() + step.waitMs;
    for (const backOff = new BackOff(LOOKS); performance.now() < deadline;) {
      if (!(await isAlive(pid))) return true;
      await new Promise((resolve) => setTimeout(resolve, backOff.next()));
    }
  }
  return !(await isAlive(pid));
}
