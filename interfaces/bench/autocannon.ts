/** autocannon, a load of HTTP from a process of its own. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PROGRAM = join(import.meta.dirname, '..', '..', 'node_modules', 'autocannon', 'autocannon.js');

export interface Target {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly body?: string;
}

/** `rate` in answers a second, the others in ms */
export interface Load extends Readonly<Record<string, number>> {
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
}

interface Report {
  readonly '2xx': number;
  readonly non2xx: number;
  readonly errors: number;
  readonly duration: number;
  readonly latency: { readonly p50: number; readonly p99: number };
}

/** @throws an answer was not a good one */
export async function load(target: Target, connections: number, seconds: number): Promise<Load> {
  const headers = Object.entries(target.headers ?? {}).flatMap(([name, value]) => ['-H', `${name}=${value}`]);
  const body = target.body === undefined ? [] : ['-b', target.body];
  const args = ['-c', String(connections), '-m', target.method ?? 'GET', ...headers, ...body, '-n', '--json'];
  // whether it is over it looks once in each sample
  const lasts = ['-d', String(seconds), ...(seconds < 1 ? ['-L', '100'] : [])];
  // certificates here are of authorities of the bench's own
  const env = { PATH: process.env['PATH'] ?? '', NODE_TLS_REJECT_UNAUTHORIZED: '0', NODE_NO_WARNINGS: '1' };
  const { stdout } = await run(process.execPath, [PROGRAM, ...args, ...lasts, target.url], {
    env,
    maxBuffer: 16 * 1024 * 1024,
  });
  const report = JSON.parse(stdout) as Report;
  const failures = report.non2xx + report.errors;
  if (failures > 0) throw new Error(`${failures} failures at ${target.url}`);
  return { rate: report['2xx'] / report.duration, p50: report.latency.p50, p99: report.latency.p99 };
}
