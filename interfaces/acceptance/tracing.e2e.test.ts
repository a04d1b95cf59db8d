/** What a running platform tells a collector of traces, what it keeps to itself, and that nobody depends on it. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { PlatformUnderTest } from './platform-under-test.ts';
import { TraceCollector } from './trace-collector.ts';
import { patience } from './patience.ts';

const TRACE = 'c0ffee'.padEnd(32, '1');
const CALLER = 'd'.repeat(16);
const CORRELATION = 'the-request-of-this-test';
const TRACEPARENT = `00-${TRACE}-${CALLER}-01`;
const PATIENCE = patience(100);
/** says in a process's output which modules of OpenTelemetry are loaded in it */
const WATCH_MODULES = `--import data:text/javascript,${encodeURIComponent(
  'import{registerHooks}from"node:module";registerHooks({resolve(s,c,n){' +
    'if(s.startsWith("@opentelemetry"))console.log("LOADS "+s);return n(s,c)}})',
)}`;

let collector: TraceCollector;
let platform: PlatformUnderTest;
let token: string;
let id: string;

beforeAll(async () => {
  collector = await TraceCollector.start();
  platform = await PlatformUnderTest.create({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    NODE_OPTIONS: WATCH_MODULES,
  });
  await platform.start();
  token = await platform.owner('traces');
  const made = await platform.call<{ id: string }>('POST', '/api/projects', {
    token,
    body: { name: 'traced-shop' },
    headers: { traceparent: TRACEPARENT, tracestate: 'other=1', 'x-request-id': CORRELATION },
  });
  id = made.body.id;
});
afterAll(async () => {
  await platform.close();
  collector.close();
});

const loadedIn = ({ output }: PlatformUnderTest): string[] => [
  ...new Set([...output.matchAll(/^LOADS (\S+)$/gm)].map(([, name = '']) => name)),
];
const serviceOf = (role: string) => (platform.separate ? `launchdb-${role}` : 'launchdb');
const ofThisRequest = () =>
  collector.spans.filter(({ attributes }) => attributes['launchdb.correlation_id'] === CORRELATION);

test('a request is one trace from its caller through the gateway to the log', async () => {
  await vi.waitFor(() => expect(collector.named('POST /api/projects')).toHaveLength(1), PATIENCE);
  await vi.waitFor(() => expect(collector.named('POST platform')).not.toEqual([]), PATIENCE);
  const gateway = collector.named('POST platform').find(({ traceId }) => traceId === TRACE);
  expect(gateway).toMatchObject({
    service: serviceOf('gateway'),
    parentSpanId: CALLER,
    attributes: { 'http.response.status_code': 201, 'launchdb.correlation_id': CORRELATION },
  });
  const [api] = collector.named('POST /api/projects');
  expect(api).toMatchObject({
    service: serviceOf('platform'),
    traceId: TRACE,
    parentSpanId: gateway?.spanId,
    attributes: { 'http.route': '/api/projects', 'launchdb.correlation_id': CORRELATION },
  });
  const appends = collector.named('append').filter(({ parentSpanId }) => parentSpanId === api?.spanId);
  expect(appends.map(({ attributes }) => attributes['launchdb.events'])).toContain(1);
});

test('the steps that follow are told with the correlation id, and what they ask of other services is theirs', async () => {
  const steps = () => ofThisRequest().filter(({ name }) => name.startsWith('do '));
  await vi.waitFor(() => expect(steps().at(-1)?.name).toBe('do verify-data-api'), PATIENCE);
  expect(steps().map(({ name }) => name)).toEqual(
    expect.arrayContaining(['do create-database', 'do register-pool', 'do spawn-postgrest']),
  );
  for (const { service, attributes, parentSpanId } of steps()) {
    expect(service).toBe(serviceOf('worker'));
    expect(attributes).toMatchObject({
      'launchdb.project_id': id,
      'launchdb.process': 'provision',
      'launchdb.direction': 'do',
      'launchdb.attempt': 1,
    });
    expect(parentSpanId).toBeUndefined();
  }
  const spawn = steps().find(({ name }) => name === 'do spawn-postgrest');
  // the manager sends its own when it is time for it
  await vi.waitFor(() => {
    const asked = collector.named('POST /internal/postgrest/:projectId/spawn');
    expect(asked.map(({ traceId, parentSpanId }) => ({ traceId, parentSpanId }))).toEqual(
      platform.separate ? [{ traceId: spawn?.traceId, parentSpanId: spawn?.spanId }] : [],
    );
  }, PATIENCE);
  await vi.waitFor(() => {
    for (const view of ['project-list', 'process-runs', 'audit-trail', 'desired-projects']) {
      const batches = collector.named(`project ${view}`);
      expect(batches.map(({ attributes }) => Number(attributes['launchdb.events']) > 0)).toContain(true);
    }
  }, PATIENCE);
});

test('a project’s own SQL sees the trace that its request is part of', async () => {
  const query = `CREATE FUNCTION seen() RETURNS text LANGUAGE sql AS
    $$ SELECT current_setting('request.headers')::json->>'traceparent' $$`;
  await platform.call('POST', `/api/projects/${id}/sql`, { token, body: { query } });
  const keys = await platform.call<{ anon_key: string }>('GET', `/api/projects/${id}/keys`, { token });
  const apikey = keys.body.anon_key;
  const seen = await vi.waitFor(async () => {
    const headers = { apikey, traceparent: TRACEPARENT };
    const answer = await platform.call<string>('GET', `/project/${id}/rest/v1/rpc/seen`, { headers });
    expect(answer.status).toBe(200);
    return answer.body;
  }, PATIENCE);
  const [, trace, span] = seen.split('-');
  expect([trace, span === CALLER]).toEqual([TRACE, false]);
  await vi.waitFor(() => {
    const forwarded = collector.named('GET data-api').find(({ spanId }) => spanId === span);
    expect(forwarded).toMatchObject({ parentSpanId: CALLER, attributes: { 'launchdb.project_id': id } });
  }, PATIENCE);

  const filter = `/project/${id}/rest/v1/nothing?secret_column=eq.very-private-value`;
  await platform.call('GET', filter, { headers: { apikey } });
  await vi.waitFor(() => expect(collector.named('GET data-api').length).toBeGreaterThan(1), PATIENCE);
  const secrets = [apikey, token, 'very-private-value', 'request.headers', 'correct horse', 'example.com'];
  expect(secrets.filter((secret) => collector.received.includes(secret))).toEqual([]);
});

test('a collector that does not answer, or is gone, changes nothing and keeps nobody from stopping', async () => {
  const make = async (name: string) =>
    (await platform.call('POST', '/api/projects', { token, body: { name } })).status;
  collector.hangs = true;
  expect(await make('while-it-hangs')).toBe(201);
  const before = collector.received.length;
  // some of them are on their way to it
  await vi.waitFor(() => expect(collector.received.length).toBeGreaterThan(before), PATIENCE);
  collector.close();
  expect(await make('while-it-is-gone')).toBe(201);
  const startedAt = performance.now();
  expect(await platform.stop()).toBe(0);
  expect(performance.now() - startedAt).toBeLessThan(30_000);
  expect(loadedIn(platform)).toContain('@opentelemetry/sdk-trace');
});

test('nothing of OpenTelemetry is loaded where nobody asks for it', async () => {
  const plain = await PlatformUnderTest.create({
    OTEL_EXPORTER_OTLP_ENDPOINT: '',
    NODE_OPTIONS: WATCH_MODULES,
  });
  try {
    await plain.start();
    const owner = await plain.owner('plain');
    const headers = { traceparent: TRACEPARENT };
    const body = { name: 'untraced' };
    expect((await plain.call('POST', '/api/projects', { token: owner, body, headers })).status).toBe(201);
    // the interface alone, by prom-client, with nothing behind it
    expect(loadedIn(plain)).toEqual(['@opentelemetry/api']);
  } finally {
    await plain.close();
  }
});
