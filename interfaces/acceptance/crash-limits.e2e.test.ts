/** kill -9 of the real process at every point of every step that makes a database read only, and writable again. */
import { beforeAll, describe, expect, test } from 'vitest';
import { run as runBy } from './as-client.ts';
import { processTable } from '../composition/process-table.ts';
import { CrashRounds, MOMENTS, ONE_OF } from './crash-points.ts';
import { sampled } from './test-tier.ts';
import { patience } from './patience.ts';

const rounds = new CrashRounds({}, { PROJECT_DATABASE_SIZE_MB: '20', DATABASE_SIZE_LOOK_SECONDS: '0.2' });
const PATIENCE = patience(100);
let id = '';
let uris: { readonly db_uri: string; readonly service_role_key: string };

beforeAll(async () => {
  const { token } = rounds;
  const body = { name: 'limited' };
  ({ id } = (await rounds.platform.call<{ id: string }>('POST', '/api/projects', { token, body })).body);
  uris = (await rounds.platform.call<typeof uris>('GET', `/api/projects/${id}/connection`, { token })).body;
  await run(
    'CREATE TABLE rows (n int); CREATE UNLOGGED TABLE ballast (t text) WITH (autovacuum_enabled = false)',
  );
});

const run = (...statements: readonly string[]) => runBy(uris.db_uri, ...statements);

const fill = () =>
  run(`INSERT INTO ballast SELECT repeat(md5(n::text), 30) FROM generate_series(1, 20000) n`);
const empty = () => run('SET default_transaction_read_only = off', 'TRUNCATE ballast');

/** What becomes of a write, by SQL and by REST. */
async function writes(): Promise<readonly [string, number]> {
  const sql = await run('INSERT INTO rows VALUES (1)').then(
    () => 'written',
    (error: { code?: string }) => error.code ?? 'lost',
  );
  const headers = { apikey: uris.service_role_key };
  const rest = `/project/${id}/rest/v1/rows`;
  const { status } = await rounds.platform.call('POST', rest, { headers, body: { n: 2 } });
  return [sql, status];
}

/** What is recorded when a step is done may come a moment after its effect: the next crash must be the next run's. */
async function untilRecorded(): Promise<void> {
  const latest = async () => {
    const path = `/api/projects/${id}/progress`;
    const { body } = await rounds.platform.call<{ processes: { process: string; state: string }[] }>(
      'GET',
      path,
      { token: rounds.token },
    );
    return body.processes[0];
  };
  await expect.poll(latest, PATIENCE).toMatchObject({ process: 'apply-limits', state: 'done' });
}

const points = processTable['apply-limits'].flatMap(({ step }) =>
  MOMENTS.map((moment) => `apply-limits/${step}/do/${moment}`),
);
/** Each point once; of each step some on the way down and some on the way up. */
const pairs = MOMENTS.map((_moment, at) => {
  const [first = '', second = ''] = [points[at], points[at + MOMENTS.length]];
  return at % 2 === 0 ? { down: first, up: second } : { down: second, up: first };
});

describe('E52-57 kill -9 on the way to read only and back', () => {
  test.each(sampled(pairs, ONE_OF))('$down, then $up', async ({ down, up }) => {
    await rounds.crashAndRestart(down, fill);
    await expect.poll(writes, PATIENCE).toEqual(['25006', 507]);
    await untilRecorded();
    await rounds.crashAndRestart(up, empty);
    await expect.poll(writes, PATIENCE).toEqual(['written', 201]);
    await untilRecorded();
  });
});
