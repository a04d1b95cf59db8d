import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const WITHIN_MS = 5_000;

/** What a program says after `--version`: its numbers; undefined: it says nothing of the kind. */
export async function programVersion(program: string): Promise<string | undefined> {
  const said = await run(program, ['--version'], { timeout: WITHIN_MS }).catch(() => ({ stdout: '' }));
  return /\d+(\.\d+)+/.exec(said.stdout)?.[0];
}
