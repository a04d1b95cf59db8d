import { expect, onTestFinished, test, vi } from 'vitest';
import { contractCatalogue } from '../../application/ports/event-store.contract.ts';
import { EsdbEventStore } from '../../infrastructure/event-store/eventstoredb/esdb-event-store.ts';
import { EsdbServer } from '../../infrastructure/testing/esdb-server/esdb-server.ts';
import { Metrics } from '../http/metrics.ts';
import { aboutServer, lookAtServer } from './log-server.ts';

test('a log in EventStoreDB: too small a size is said once at start; who leads, and who is away, is told', async () => {
  const first = await EsdbServer.started();
  const second = await EsdbServer.started({ log: first.log });
  second.faults.leader = { host: '127.0.0.1', port: first.port };
  const url = `esdb://127.0.0.1:${first.port},127.0.0.1:${second.port}?tls=false&discoveryInterval=20`;
  const store = new EsdbEventStore({ url, catalogue: contractCatalogue });
  onTestFinished(async () => {
    await store.close();
    await Promise.all([first.stop(), second.stop()]);
  });
  const warnings: string[] = [];
  const ignored = () => {};
  const log = {
    debug: ignored,
    info: ignored,
    error: ignored,
    warn: (_: object, text: string) => void warnings.push(text),
  };
  const metrics = new Metrics();
  const gauges = async () =>
    (await metrics.render()).split('\n').filter((line) => /^launchdb_event_store_(leader|.*away)/.test(line));

  lookAtServer(store.server, { asksForLimit: true }, metrics, log);
  await vi.waitFor(() => expect(warnings).toHaveLength(1), 20_000);
  expect(warnings[0]).toContain('takes 1048576 bytes at once');
  expect(warnings[0]).toContain('--max-append-size 16767216');
  await store.head();
  const leads = `launchdb_event_store_leader{node="127.0.0.1:${first.port}"} 1`;
  expect(await gauges()).toEqual([
    leads,
    'launchdb_event_store_away_seconds 0',
    'launchdb_event_store_last_away_seconds 0',
  ]);
  expect(aboutServer(store.server.standing())).toBe(`, 127.0.0.1:${first.port} leads`);

  await first.stop();
  await expect(store.head()).rejects.toThrow('could not read the head of the log');
  expect((await gauges())[1]).toMatch(/^launchdb_event_store_away_seconds 0?\.?\d*[1-9]/);
  expect(aboutServer(store.server.standing())).toMatch(/^, for \d+\.\d s; 127\.0\.0\.1:\d+ led$/);

  second.faults.leader = undefined;
  await vi.waitFor(() => store.head(), 20_000);
  expect(await gauges()).toEqual([
    `launchdb_event_store_leader{node="127.0.0.1:${second.port}"} 1`,
    'launchdb_event_store_away_seconds 0',
    expect.stringMatching(/^launchdb_event_store_last_away_seconds \d/) as string,
  ]);
  expect(aboutServer(store.server.standing())).toMatch(/ leads, was away for \d+\.\d s$/);
});
