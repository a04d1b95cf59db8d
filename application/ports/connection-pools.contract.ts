import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ownerRole, type ProjectId } from '../../domain/project/project-id.ts';
import type { ConnectionPools, Pool } from './connection-pools.ts';
import { newProject } from './databases.contract.ts';

export interface PoolsHarness {
  readonly pools: ConnectionPools;
  close(): Promise<void>;
}

const VERIFIER = 'SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$a2V5:a2V5';
export const poolFor = (project: ProjectId, verifier: string = VERIFIER): Pool => ({
  project,
  logins: [{ name: ownerRole(project), verifier }],
});

export function connectionPoolsContract(name: string, make: () => Promise<PoolsHarness>): void {
  describe(`${name}: connection pools`, () => {
    let harness: PoolsHarness;
    let pools: ConnectionPools;
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

    test('registered twice it is there once; unregistered twice it is gone', async () => {
      const project = newProject();
      await pools.register(poolFor(project));
      await pools.register(poolFor(project));
      expect(await pools.list()).toEqual([project]);
      await pools.unregister(project);
      await pools.unregister(project);
      expect(await pools.list()).toEqual([]);
    });

    test('what is unknown is unregistered without a word', async () => {
      await pools.unregister(newProject());
      expect(await pools.list()).toEqual([]);
    });

    test('one pool leaves the others alone; unregistered and registered again it is served', async () => {
      const [kept, project] = [newProject(), newProject()];
      await pools.register(poolFor(kept));
      await pools.register(poolFor(project));
      await Promise.all([pools.unregister(project), pools.register(poolFor(project))]);
      expect([...(await pools.list())].sort()).toEqual([kept, project].sort());
      await pools.restore([]);
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
