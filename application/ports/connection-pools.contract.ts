import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { MAIN_SERVER } from '../../domain/project/server-name.ts';
import { ownerRole, type ProjectId } from '../../domain/project/project-id.ts';
import type { ConnectionPools, ManagedConnectionPools, Pool } from './connection-pools.ts';
import { newProject } from './databases.contract.ts';

export interface PoolsHarness {
  readonly pools: ConnectionPools;
  /** an entry that may be registered: an adapter may take its facts from the log */
  prepare(): Promise<Pool>;
  served(): Promise<readonly ProjectId[]>;
  close(): Promise<void>;
}

export interface ManagedPoolsHarness {
  readonly pools: ManagedConnectionPools;
  /** a project that can be worked with through the pooler; its pool is registered */
  workable(): Promise<Workable>;
  close(): Promise<void>;
}

export interface Workable {
  readonly project: ProjectId;
  /** one query, to its end */
  readonly query: () => Promise<void>;
  /** a query that goes on until that is called which it resolves with */
  readonly begin: () => Promise<() => Promise<void>>;
}

const VERIFIER = 'SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$a2V5:a2V5';
export const poolFor = (project: ProjectId, verifier: string = VERIFIER): Pool => ({
  project,
  server: MAIN_SERVER,
  logins: [{ name: ownerRole(project), verifier }],
  connections: 7,
});

export function connectionPoolsContract(name: string, make: () => Promise<PoolsHarness>): void {
  describe(`${name}: connection pools`, () => {
    let harness: PoolsHarness;
    beforeAll(async () => {
      harness = await make();
    });
    afterAll(() => harness.close());

    test('registered twice it is there once; unregistered twice it is gone', async () => {
      const { pools } = harness;
      const pool = await harness.prepare();
      await pools.register(pool);
      await pools.register(pool);
      expect(await harness.served()).toEqual([pool.project]);
      await pools.unregister(pool.project);
      await pools.unregister(pool.project);
      expect(await harness.served()).toEqual([]);
    });

    test('one pool leaves the others alone; unregistered and registered again it is served', async () => {
      const { pools } = harness;
      const [kept, pool] = [await harness.prepare(), await harness.prepare()];
      await pools.register(kept);
      await pools.register(pool);
      await pools.unregister(pool.project);
      expect(await harness.served()).toEqual([kept.project]);
      await pools.register(pool);
      expect([...(await harness.served())].sort()).toEqual([kept.project, pool.project].sort());
    });

    test('of what is stopped before it began nothing is served', async () => {
      const before = await harness.served();
      const signal = AbortSignal.abort(new Error('stopped'));
      await expect(harness.pools.register(await harness.prepare(), signal)).rejects.toThrow();
      expect(await harness.served()).toEqual(before);
    });

    test('what is unknown is unregistered without a word', async () => {
      const before = await harness.served();
      await harness.pools.unregister(newProject());
      expect(await harness.served()).toEqual(before);
    });
  });
}

export function managedConnectionPoolsContract(name: string, make: () => Promise<ManagedPoolsHarness>): void {
  connectionPoolsContract(name, async () => {
    const managed = await make();
    const { pools } = managed;
    return {
      pools,
      prepare: () => Promise.resolve(poolFor(newProject())),
      served: () => pools.list(),
      close: () => managed.close(),
    };
  });

  describe(`${name}: managed connection pools`, () => {
    let harness: ManagedPoolsHarness;
    let pools: ManagedConnectionPools;
    beforeAll(async () => {
      harness = await make();
      ({ pools } = harness);
    });
    afterAll(() => harness.close());

    test('what is restored is served, and nothing else', async () => {
      const [first, second] = [newProject(), newProject()];
      await pools.restore([poolFor(first)]);
      expect(await pools.list()).toEqual([first]);
      await pools.restore([poolFor(second)]);
      expect(await pools.list()).toEqual([second]);
      await pools.restore([]);
      expect(await pools.list()).toEqual([]);
    });

    test('unregistered and registered again at once it is served', async () => {
      const [kept, project] = [newProject(), newProject()];
      await pools.register(poolFor(kept));
      await pools.register(poolFor(project));
      await Promise.all([pools.unregister(project), pools.register(poolFor(project))]);
      expect([...(await pools.list())].sort()).toEqual([kept, project].sort());
      await pools.restore([]);
    });

    test('each that is served tells its usage, also one that nobody uses', async () => {
      const [first, second] = [newProject(), newProject()];
      await pools.restore([poolFor(first), poolFor(second)]);
      const unused = { clients: { active: 0, waiting: 0 }, servers: { active: 0, idle: 0 } };
      const expected = [first, second].map((project) => ({
        project,
        ...unused,
        maxWaitMs: 0,
        transactions: 0,
      }));
      expect(await pools.usage()).toHaveLength(2);
      expect(await pools.usage()).toEqual(expect.arrayContaining(expected));
      await pools.unregister(first);
      expect((await pools.usage()).map(({ project }) => project)).toEqual([second]);
      await pools.restore([]);
    });

    test('its usage changes with each query and stands still otherwise, and what goes on is seen', async () => {
      const { project, query, begin } = await harness.workable();
      const usage = async () => (await pools.usage()).find((one) => one.project === project);
      const counts = [(await usage())?.transactions];
      for (let times = 0; times < 2; times++) {
        await query();
        counts.push((await usage())?.transactions);
      }
      expect(new Set(counts).size).toBe(3);
      expect(await usage()).toMatchObject({ transactions: counts.at(-1), servers: { active: 0 } });
      const end = await begin();
      expect(await usage()).toMatchObject({ servers: { active: 1 } });
      await end();
      await vi.waitFor(async () => expect(await usage()).toMatchObject({ servers: { active: 0 } }), 10_000);
      expect((await usage())?.transactions).not.toBe(counts.at(-1));
      await pools.unregister(project);
    });

    test('fifty at once are all there, and all go', async () => {
      const many = Array.from({ length: 50 }, newProject);
      await Promise.all(many.map((project) => pools.register(poolFor(project))));
      expect([...(await pools.list())].sort()).toEqual([...many].sort());
      await Promise.all(many.map((project) => pools.unregister(project)));
      expect(await pools.list()).toEqual([]);
    });
  });
}
