/** The real psql: it comes with the pg_dump that the tests need anyway. */
import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { PG_DUMP } from '../../infrastructure/process/system-programs.ts';

const WITHIN_MS = 30_000;

/**
 * Runs a script and resolves with its rows, one a line, columns parted by `|`.
 * @param variables as `\set` would, for `:'name'` in the script
 */
export async function psql(
  uri: string,
  script: string,
  variables: Readonly<Record<string, string>> = {},
): Promise<string> {
  const pgDump = await PG_DUMP.find(process.env['PATH'] ?? '');
  if (pgDump === undefined) throw new Error('psql is not installed; "npm test" installs it');
  const given = Object.entries({ ON_ERROR_STOP: '1', ...variables }).flatMap(([name, value]) => [
    '-v',
    `${name}=${value}`,
  ]);
  return new Promise((resolve, reject) => {
    const options = { timeout: WITHIN_MS, env: { PATH: process.env['PATH'] ?? '', PGCONNECT_TIMEOUT: '10' } };
    const args = [uri, '-XAtq', ...given];
    const child = execFile(join(dirname(pgDump), 'psql'), args, options, (error, stdout, stderr) => {
      if (error) reject(new Error(stderr || error.message));
      else resolve(stdout.trimEnd());
    });
    child.stdin?.end(script);
  });
}
