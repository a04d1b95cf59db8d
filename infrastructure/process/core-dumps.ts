import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Our own memory holds the master key: a crash of ours must not write it to the disk, whatever we were started with.
 * Node cannot set such a limit; where there is no program that can (macOS), what we inherited stays.
 */
export async function withoutCoreDumps(): Promise<void> {
  if (process.platform !== 'linux') return;
  await run('prlimit', ['--core=0:0', '--pid', String(process.pid)]).catch(() => {});
}
