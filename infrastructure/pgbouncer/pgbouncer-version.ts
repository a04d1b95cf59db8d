/** Whether clients may reach the installed PgBouncer itself. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Refused } from '../../application/errors.ts';

const run = promisify(execFile);
const ANSWER_WITHIN_MS = 5_000;
/** the first one that strangers can neither end nor set spinning, as far as is known */
const GUARDLESS = [1, 26, 1] as const;

/** @throws {Refused} it is older than that, or does not tell */
export async function requireGuardless(binary: string): Promise<void> {
  const { stdout } = await run(binary, ['--version'], { timeout: ANSWER_WITHIN_MS });
  requireGuardlessVersion(/PgBouncer (\d+(?:\.\d+)*)/.exec(stdout)?.[1] ?? 'of no known version');
}

export function requireGuardlessVersion(version: string): void {
  const numbers = version.split('.').map(Number);
  const differs = GUARDLESS.findIndex((wanted, at) => (numbers[at] ?? 0) !== wanted);
  if (differs === -1 || (numbers[differs] ?? 0) > (GUARDLESS[differs] ?? 0)) return;
  throw new Refused(
    `POOLER_GUARD=off needs PgBouncer ${GUARDLESS.join('.')} or later, and the installed one is ${version}: a stranger ends ` +
      'it with one packet (CVE-2026-6664, CVE-2026-19888, CVE-2026-107349). Leave the variable out, or update PgBouncer.',
  );
}
