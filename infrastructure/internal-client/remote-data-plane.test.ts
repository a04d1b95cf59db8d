/** The remote adapters in front of the manager's own HTTP server; what that keeps standing is in memory. */
import { createServer } from 'node:http';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { Refused, unavailable, Unavailable } from '../../application/errors.ts';
import { connectionPoolsContract } from '../../application/ports/connection-pools.contract.ts';
import { dataApisContract } from '../../application/ports/data-apis.contract.ts';
import type { DataApi } from '../../application/ports/data-apis.ts';
import { newProject } from '../../application/ports/databases.contract.ts';
import {
  command,
  makeHarness,
  request,
  runToRest,
  stateOf,
} from '../../application/testing/project-harness.ts';
import { dataApiOf, poolOf } from '../../application/desired/desired-project.ts';
import { ProjectReconciler } from '../../application/reconcilers/keep-projects-reachable.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { Metrics } from '../../interfaces/http/metrics.ts';
import { internalAuthentication } from '../../interfaces/http/internal-endpoints.ts';
import { createServer as createHttpServer } from '../../interfaces/http/server.ts';
import { Traffic } from '../../interfaces/gateway/traffic.ts';
import { managerEndpoints } from '../../interfaces/manager/manager-endpoints.ts';
import { RemoteGateways } from '../../interfaces/manager/remote-gateways.ts';
import { quietLog } from '../testing/folder.ts';
import { roomForProjects } from '../../application/operator/room-for-projects.ts';
import { InternalClient, NotWanted } from './internal-client.ts';
import { remoteOverview } from './remote-overview.ts';
import { RemoteConnectionPools } from './remote-connection-pools.ts';
import { RemoteDataApis } from './remote-data-apis.ts';
import { remoteUse } from './remote-use.ts';

const KEY = 'the internal key of this test';

async function manager() {
  const harness = makeHarness();
  const desired = () => Promise.resolve([]);
  let offsetMs = 0;
  const gateways = new RemoteGateways(() => performance.now() + offsetMs);
  // as if it had been there for long
  offsetMs = 10_000;
  const reconciler = new ProjectReconciler({ ...harness, log: quietLog, desired });
  const server = createHttpServer({
    name: 'manager',
    port: 0,
    portVariable: 'MANAGER_PORT',
    endpoints: managerEndpoints({
      ...harness,
      reconciler,
      desired,
      gateways,
      room: () =>
        roomForProjects(['main', 'other'], (server) =>
          server === 'main'
            ? Promise.resolve({ max: 800, reserved: 40, perProject: 7, used: 3 })
            : Promise.reject(new Error('away')),
        ),
      async wake(id) {
        await command(harness, id, { kind: 'WakeProject' });
        await runToRest(harness, id);
      },
      async use() {
        await Promise.resolve();
        return new Map(
          [...harness.pools.used].map(([id, { transactions, active }]) => {
            return [id, { count: transactions, busy: active > 0, transactions, connections: active }];
          }),
        );
      },
    }),
    authenticate: internalAuthentication([KEY]),
    log: quietLog,
    ready: () => Promise.resolve({}),
    metrics: new Metrics(),
  });
  await server.start();
  const url = `http://127.0.0.1:${server.port}`;
  const client = new InternalClient({ service: 'manager', url, internalKey: KEY });
  const traffic = new Traffic();
  const dataApis = new RemoteDataApis(client, quietLog, traffic);
  return {
    harness,
    url,
    client,
    gateways,
    traffic,
    overview: remoteOverview(client),
    dataApis,
    pools: new RemoteConnectionPools(client),
    /** an active project of which neither pool entry nor REST API stands */
    async project(): Promise<ProjectId> {
      const id = newProject();
      await command(harness, id, request(id));
      await runToRest(harness, id);
      await harness.dataApis.remove(id);
      await harness.pools.unregister(id);
      return id;
    },
    async close() {
      await dataApis.stop();
      await server.stop(100);
    },
  };
}
type Manager = Awaited<ReturnType<typeof manager>>;

const apiOf = async ({ harness }: Manager, id: ProjectId): Promise<DataApi> =>
  dataApiOf(harness.world, await stateOf(harness, id));

dataApisContract('through the manager', async () => {
  const one = await manager();
  return {
    dataApis: one.dataApis,
    prepare: async () => apiOf(one, await one.project()),
    async change({ project, settings }) {
      await command(one.harness, project, { kind: 'ChangeDataApiSettings', dataApi: settings });
    },
    occupy(id) {
      one.harness.dataApis.inUse.add(id);
      return () => void one.harness.dataApis.inUse.delete(id);
    },
    close: () => one.close(),
  };
});

connectionPoolsContract('through the manager', async () => {
  const one = await manager();
  return {
    pools: one.pools,
    prepare: async () => poolOf(one.harness.world, await stateOf(one.harness, await one.project())),
    served: () => one.harness.pools.list(),
    close: () => one.close(),
  };
});

test('what stands and what does not, as an operator looks at it', async () => {
  const one = await manager();
  const id = await one.project();
  const pool = poolOf(one.harness.world, await stateOf(one.harness, id));
  await one.pools.register(pool);
  const { enabled, missing, usage } = await one.overview.pools();
  expect({ enabled, missing, served: usage.map(({ project }) => project) }).toEqual({
    enabled: true,
    missing: [],
    served: [id],
  });
  expect(await one.overview.dataApis()).toEqual([]);
  await one.harness.dataApis.ensure(await apiOf(one, id));
  // the read model of this test wants nothing
  expect(await one.overview.dataApis()).toEqual([{ projectId: id, wanted: false, state: 'running' }]);
  expect(await one.overview.room()).toMatchObject({
    servers: [{ server: 'main', used: 3, perProject: 7 }],
    away: ['other'],
  });
  await one.close();
  await expect(one.overview.room()).rejects.toThrow('the manager');
});

describe('the manager from afar', () => {
  let one: Manager;
  beforeAll(async () => {
    one = await manager();
  });
  afterAll(() => one.close());

  test('who follows learns where REST APIs are, whoever started and ended them', async () => {
    const { dataApis, harness } = one;
    await dataApis.follow();
    const id = await one.project();
    const api = await apiOf(one, id);
    await harness.dataApis.ensure(api);
    await vi.waitFor(() => expect(dataApis.endpoint(id)).toEqual({ host: '127.0.0.1', port: 1 }), {
      timeout: 30_000,
    });
    harness.dataApis.kill(id);
    await vi.waitFor(() => expect(dataApis.endpoint(id)).toBeUndefined(), { timeout: 30_000 });
  });

  test('who follows tells what they send there, and by which table', async () => {
    const { dataApis, traffic, gateways, harness } = one;
    const [used, unused] = [await one.project(), await one.project()];
    for (const id of [used, unused]) await harness.dataApis.ensure(await apiOf(one, id));
    await vi.waitFor(() => expect([used, unused].map((id) => gateways.maySend(id))).toEqual([true, true]), {
      timeout: 30_000,
    });
    const end = traffic.begin(used);
    await vi.waitFor(() => expect(gateways.underWay(used)).toBe(1), 5_000);
    expect([gateways.requests(used), gateways.underWay(unused)]).toEqual([1, 0]);
    for (const id of [used, unused]) harness.dataApis.kill(id);
    await vi.waitFor(() => expect(gateways.maySend(used)).toBe(false), 5_000);
    // where nobody is sent any more, somebody is still under way
    expect([dataApis.endpoint(used), gateways.underWay(used)]).toEqual([undefined, 1]);
    end();
    await vi.waitFor(() => expect(gateways.underWay(used)).toBe(0), 5_000);
  });

  test('who cannot wait for news asks now, and what came before it is not mistaken for it', async () => {
    const { dataApis, harness } = one;
    for (let round = 0; round < 20; round++) {
      const id = await one.project();
      await harness.dataApis.ensure(await apiOf(one, id));
      await Promise.all([dataApis.refresh(), dataApis.refresh()]);
      expect(dataApis.endpoint(id)).toEqual({ host: '127.0.0.1', port: 1 });
      harness.dataApis.kill(id);
      await dataApis.refresh();
      expect(dataApis.endpoint(id)).toBeUndefined();
    }
  });

  test('a project that sleeps is woken from afar, and where it answers is known at once', async () => {
    const id = await one.project();
    await command(one.harness, id, { kind: 'SleepProject', idleSince: new Date(0) });
    await runToRest(one.harness, id);
    await one.dataApis.wake(id, AbortSignal.timeout(10_000));
    expect(one.dataApis.endpoint(id)).toEqual({ host: '127.0.0.1', port: 1 });
    await command(one.harness, id, { kind: 'PauseProject' });
    await runToRest(one.harness, id);
    await expect(one.dataApis.wake(id, AbortSignal.timeout(10_000))).rejects.toThrow(NotWanted);
    const gone = AbortSignal.abort();
    await expect(one.dataApis.wake(id, gone)).rejects.toThrow(Unavailable);
  });

  test('how projects are used is told from afar', async () => {
    const id = newProject();
    one.harness.pools.used.set(id, { transactions: 7, active: 1 });
    expect((await remoteUse(one.client))?.get(id)).toEqual({
      count: 7,
      busy: true,
      transactions: 7,
      connections: 1,
    });
  });

  test('the manager serves what the log says, whatever it is asked with', async () => {
    const id = await one.project();
    const api = await apiOf(one, id);
    await one.dataApis.ensure({ ...api, authenticatorPassword: 'chosen by the caller' });
    expect(one.harness.dataApis.running.get(id)).toEqual(api);
  });

  test('what shall not stand is not started, and why is said', async () => {
    const id = await one.project();
    const api = await apiOf(one, id);
    await command(one.harness, id, { kind: 'PauseProject' });
    await runToRest(one.harness, id);
    await expect(one.dataApis.ensure(api)).rejects.toThrow(/could not do this: The project is paused/);
    await expect(one.dataApis.ensure({ ...api, project: newProject() })).rejects.toThrow(Unavailable);
    await one.dataApis.reloadSchema(id);
  });

  test('its own words come through; what is foreign stays refused', async () => {
    const api = await apiOf(one, await one.project());
    const ensure = vi.spyOn(one.harness.dataApis, 'ensure');
    const away = unavailable('rest_api', 'start the REST API of x');
    ensure.mockRejectedValueOnce(away);
    await expect(one.dataApis.ensure(api)).rejects.toThrow(away);
    ensure.mockRejectedValueOnce(new Refused('a container of that name is not ours'));
    await expect(one.dataApis.ensure(api)).rejects.toThrow(
      new Refused('a container of that name is not ours'),
    );
  });

  test('a wrong key, a manager that is away and one that is no manager are told apart', async () => {
    const wrong = new InternalClient({
      service: 'manager',
      url: one.url,
      internalKey: 'some other key, long enough',
    });
    await expect(wrong.ask('GET', '/pools', z.object({}))).rejects.toThrow(/INTERNAL_API_KEY/);
    const away = new InternalClient({ service: 'manager', url: 'http://127.0.0.1:1', internalKey: KEY });
    await expect(away.ask('GET', '/pools', z.object({}))).rejects.toThrow(Unavailable);
    const other = createServer((_, response) => response.end('hello'));
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const { port } = other.address() as { port: number };
    const strange = new InternalClient({
      service: 'manager',
      url: `http://127.0.0.1:${port}`,
      internalKey: KEY,
    });
    await expect(strange.ask('GET', '/pools', z.object({}))).rejects.toThrow(Unavailable);
    other.closeAllConnections();
    await new Promise((resolve) => other.close(resolve));
  });
});
