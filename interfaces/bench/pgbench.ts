/** pgbench, a load from a process of its own. Debian's package postgresql brings it. */
import { execFile } from 'node:child_process';
import { access } from 'node:fs/promises';
import { promisify } from 'node:util';
import type pg from 'pg';

const run = promisify(execFile);
const PLACES = [
  '/usr/bin/pgbench',
  '/opt/homebrew/bin/pgbench',
  ...[18, 17, 16, 15].map((major) => `/usr/lib/postgresql/${major}/bin/pgbench`),
];

async function findPgbench(): Promise<string> {
  for (const place of PLACES) {
    const there = await access(place).then(
      () => true,
      () => false,
    );
    if (there) return place;
  }
  throw new Error('pgbench is needed: Debian has it in the package "postgresql"');
}

/** @returns arguments: whole seconds, or for less than one as many transactions as usually fit */
export const lasting = (seconds: number, clients: number): readonly string[] =>
  seconds >= 1 ? ['-T', String(Math.round(seconds))] : ['-t', String(Math.ceil((2_000 * seconds) / clients))];

/** @returns transactions a second @throws it is not installed, or a transaction failed */
export async function pgbench(to: pg.ClientConfig, args: readonly string[]): Promise<number> {
  const place = ['-h', String(to.host), '-p', String(to.port), '-U', String(to.user), String(to.database)];
  const env = { PGPASSWORD: String(to.password) };
  const { stdout } = await run(await findPgbench(), [...args, ...place], { env });
  return Number(/^tps = ([\d.]+)/m.exec(stdout)?.[1] ?? 0);
}
