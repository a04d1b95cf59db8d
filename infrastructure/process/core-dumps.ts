import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * Our own memory holds the master key: a crash of ours must not write it to the disk, whatever we were started with.
 * Node cannot set such a limit; where there is no program that can (macOS), what we inherited stays.
 */
export async function withoutCoreDumps(): Promise<void> {
  if (process.platform !== 'linux' || !(await mayDumpCore())) return;
  await run('prlimit', ['--core=0:0', '--pid', String(process.pid)]).catch(() => {});
}

/** Whether we, and so whatever we start, could dump core: for good it is off only where the limit cannot be raised again. */
export async function mayDumpCore(): Promise<boolean> {
  const limits = await readFile('/proc/self/limits', 'utf8').catch(() => '');
  return !/^Max core file size +0 +0 /m.test(limits);
}
