/** What a running platform tells Prometheus, and whether the dashboard asks for nothing else. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { PlatformUnderTest } from './platform-under-test.ts';

const DASHBOARD = join(import.meta.dirname, '../../infrastructure/observability/grafana-dashboard.json');

let platform: PlatformUnderTest;
let token: string;
let id: string;
beforeAll(async () => {
  platform = await PlatformUnderTest.create();
  await platform.start();
  token = await platform.owner('metrics');
  const body = { name: 'shop' };
  id = (await platform.call<{ id: string }>('POST', '/api/projects', { token, body })).body.id;
});
afterAll(() => platform.close());

type Port = 'AUTH_PORT' | 'STORAGE_PORT' | 'MANAGER_PORT' | 'PLATFORM_PORT' | 'WORKER_PORT';
const services = (): readonly Port[] => [
  'MANAGER_PORT',
  'PLATFORM_PORT',
  'AUTH_PORT',
  'STORAGE_PORT',
  ...(platform.separate ? (['WORKER_PORT'] as const) : []),
];

/** In one process every service tells everything; of several processes each tells its own. */
const everything = async () =>
  platform.separate ? (await Promise.all(services().map(scrape))).join('\n') : scrape();

async function scrape(port: Port = 'MANAGER_PORT'): Promise<string> {
  const answer = await fetch(`http://127.0.0.1:${platform.environment[port]}/metrics`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toContain('text/plain; version=0.0.4');
  return answer.text();
}

/** The values of a metric whose labels contain all of those. */
function valuesOf(text: string, name: string, ...labels: readonly string[]): number[] {
  const lines = text.split('\n').filter((line) => new RegExp(`^${name}[{ ]`).test(line));
  return lines
    .filter((line) => labels.every((label) => line.includes(label)))
    .map((line) => Number(line.split(' ').at(-1)));
}

test('every metric that the dashboard names is served, by every service', async () => {
  const dashboard = JSON.parse(await readFile(DASHBOARD, 'utf8')) as {
    panels: { title: string; targets?: { expr: string }[] }[];
  };
  const asked = dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  expect(asked.length).toBeGreaterThan(20);
  const names = new Set(asked.flatMap((expr) => expr.match(/\b(launchdb|process|nodejs)_\w+/g) ?? []));
  for (const port of services()) {
    const text = await scrape(port);
    const served = new Set([...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name));
    const missing = [...names].filter(
      (name) => !served.has(name) && !served.has(name.replace(/_(bucket|count|sum)$/, '')),
    );
    expect(missing).toEqual([]);
    // and the dashboard leaves none of ours out
    const ours = [...served].filter((name) => name?.startsWith('launchdb_'));
    expect(ours.filter((name) => ![...names].some((one) => one.startsWith(name ?? '')))).toEqual([]);
  }
});

test('requests, steps, appends, views, REST APIs and room are counted', async () => {
  await platform.call('GET', `/project/${id}/rest/v1/`);
  const text = await everything();
  const http = 'launchdb_http_requests_total';
  expect(valuesOf(text, http, 'service="platform-api"', 'route="/api/projects"', 'status="201"')).toEqual([
    1,
  ]);
  // a gateway by itself is the public door, and has no metrics for everybody to read
  const ofGateway = valuesOf(text, http, 'service="gateway"', 'route="data-api"');
  expect(ofGateway).toEqual(platform.separate ? [] : [1]);
  expect(
    valuesOf(text, 'launchdb_step_duration_seconds_count', 'step="create-database"', 'outcome="done"'),
  ).toEqual([1]);
  const appended = valuesOf(text, 'launchdb_event_store_events_appended_total');
  expect(appended.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(9);
  expect(valuesOf(text, 'launchdb_data_apis', 'state="running"')).toEqual([1]);
  expect(valuesOf(text, 'launchdb_projects', 'status="active"')).toEqual([1]);
  expect(valuesOf(text, 'launchdb_capacity_projects_used')).toEqual([1]);
  expect(valuesOf(text, 'launchdb_capacity_projects_limit')).toEqual([66]);
  expect(valuesOf(text, 'launchdb_collect_failures_total')).toEqual([]);
  const leaders = valuesOf(text, 'launchdb_event_store_leader');
  expect(new Set(leaders)).toEqual(new Set(platform.store === 'esdb' ? [1] : []));
  await vi.waitFor(async () => {
    expect(valuesOf(await scrape(), 'launchdb_projection_lag_events')).toEqual([0, 0, 0, 0]);
  }, 10_000);
});

test('a project’s id is a label of its pool and of nothing else', async () => {
  const lines = (await scrape()).split('\n').filter((line) => line.includes('proj_'));
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.filter((line) => !/^launchdb_pool_\w+\{/.test(line))).toEqual([]);
});

test('clients at the pooler, and what they wait for, show in the project’s pool', async () => {
  const { body } = await platform.call<{ db_uri_pooler: string }>('GET', `/api/projects/${id}/connection`, {
    token,
  });
  const clients = await Promise.all(
    Array.from({ length: 9 }, async () => {
      const client = new pg.Client({ connectionString: body.db_uri_pooler });
      client.on('error', () => {});
      await client.connect();
      return client;
    }),
  );
  const begun = clients.map((client) => client.query('BEGIN').catch(() => {}));
  await vi.waitFor(async () => {
    const text = await scrape();
    const waiting = valuesOf(text, 'launchdb_pool_clients', id, 'state="waiting"')[0] ?? 0;
    const active = valuesOf(text, 'launchdb_pool_servers', id, 'state="active"')[0] ?? 0;
    // a project holds seven sessions at most, whatever its clients want
    expect([waiting > 0, active >= 5, active <= 7]).toEqual([true, true, true]);
    expect(valuesOf(text, 'launchdb_pool_max_wait_seconds', id)[0]).toBeGreaterThan(0);
  }, 20_000);
  await Promise.all(clients.map((client) => client.end()));
  await Promise.all(begun);
  expect(valuesOf(await scrape(), 'launchdb_pool_transactions_total', id)[0]).toBeGreaterThan(0);
});

test('while the pooler does not answer the other metrics are served, and it is said what is missing', async () => {
  const [pooler] = await platform.programs('pgbouncer.ini');
  process.kill(pooler?.pid ?? 0, 'SIGSTOP');
  try {
    const text = await scrape();
    expect(valuesOf(text, 'launchdb_collect_failures_total', 'collector="pools"')).toEqual([1]);
    expect(valuesOf(text, 'launchdb_pool_clients')).toEqual([]);
    expect(valuesOf(text, 'launchdb_capacity_projects_used')).toEqual([1]);
  } finally {
    process.kill(pooler?.pid ?? 0, 'SIGCONT');
  }
});
