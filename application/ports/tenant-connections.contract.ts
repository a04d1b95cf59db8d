/** What working in projects' databases must be like, whatever a session is. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { TenantConnection, TenantConnections } from './tenant-connections.ts';

/** of the adapter in the contract: small, so that all of them are met */
export const SMALL_BOUNDS = { perLogin: 2, waiting: 1, atOnce: 5, waitMs: 700, workMs: 2_000 };
const LOGIN = 'authenticator';

export interface TenantConnectionsHarness {
  readonly connections: TenantConnections;
  /** two of them, served */
  readonly projects: readonly [ProjectId, ProjectId];
  put(connection: TenantConnection, value: string): Promise<unknown>;
  all(connection: TenantConnection): Promise<readonly string[]>;
  /** a statement that takes that long */
  take(connection: TenantConnection, ms: number): Promise<unknown>;
  /** a statement that PostgreSQL says no to */
  fail(connection: TenantConnection): Promise<unknown>;
  /** another password of the login, in force everywhere; nobody is told */
  changePassword(project: ProjectId): Promise<void>;
  /** no more sessions; those that are there end */
  cutOff(project: ProjectId): Promise<void>;
  letIn(project: ProjectId): Promise<void>;
  /** how many sessions have statements under way */
  busy(project: ProjectId): Promise<number>;
  close(): Promise<void>;
}

export function tenantConnectionsContract(name: string, make: () => Promise<TenantConnectionsHarness>): void {
  describe(`${name}: tenant connections`, () => {
    let harness: TenantConnectionsHarness;
    let [mine, other]: readonly ProjectId[] = [];
    beforeAll(async () => {
      harness = await make();
      [mine, other] = harness.projects;
    });
    afterAll(() => harness.close());
    const within = <T>(
      work: (connection: TenantConnection) => Promise<T>,
      options = {},
      project: ProjectId | undefined = mine,
    ) => harness.connections.with(project!, LOGIN, work, options);
    const all = (project?: ProjectId) => within((connection) => harness.all(connection), {}, project);
    const unavailable = { name: 'Unavailable' };

    test('what work did is there when it is done, in its own project alone', async () => {
      expect(await within((connection) => harness.put(connection, 'a').then(() => 7))).toBe(7);
      expect(await all()).toEqual(['a']);
      expect(await all(other)).toEqual([]);
    });

    test('work that throws has done nothing, and throws what it threw', async () => {
      const reason = new Error('on second thoughts');
      const work = async (connection: TenantConnection) => {
        await harness.put(connection, 'b');
        expect(await harness.all(connection)).toEqual(['a', 'b']);
        throw reason;
      };
      await expect(within(work)).rejects.toBe(reason);
      expect(await all()).toEqual(['a']);
    });

    test('a statement that fails takes the work with it, and nobody after it', async () => {
      const failing = within(async (connection) => {
        await harness.put(connection, 'c');
        await harness.fail(connection);
      });
      await expect(failing).rejects.toMatchObject({ name: 'SqlFailed', code: '22012' });
      expect(await all()).toEqual(['a']);
    });

    test('what is asked at once is done in that order, and nothing behind a statement that fails', async () => {
      const reason = new Error('seen enough');
      const seen = within(async (connection) => {
        const [, , values] = await Promise.all([
          harness.put(connection, 'b'),
          harness.put(connection, 'c'),
          harness.all(connection),
        ]);
        throw Object.assign(reason, { values });
      });
      await expect(seen).rejects.toBe(reason);
      expect(reason).toMatchObject({ values: ['a', 'b', 'c'] });
      const failing = within((connection) =>
        Promise.all([
          harness.put(connection, 'b'),
          harness.fail(connection),
          harness.put(connection, 'c'),
          harness.all(connection),
        ]),
      );
      await expect(failing).rejects.toMatchObject({ name: 'SqlFailed', code: '22012' });
      expect(await all()).toEqual(['a']);
    });

    test('a connection is its work’s, and no longer than that', async () => {
      let kept: TenantConnection | undefined;
      await within((connection) => Promise.resolve((kept = connection)));
      await expect(harness.put(kept!, 'd')).rejects.toMatchObject(unavailable);
      expect(await all()).toEqual(['a']);
    });

    test('as many work at once as may, some wait, and whoever comes then is told at once', async () => {
      const { promise: go, resolve } = Promise.withResolvers<void>();
      let [now, most] = [0, 0];
      const work = async () => {
        most = Math.max(most, ++now);
        await go;
        now--;
      };
      const three = [within(work), within(work), within(work)];
      await vi.waitFor(() => expect(now).toBe(2));
      await expect(within(work)).rejects.toMatchObject(unavailable);
      // a project in the way of itself is in nobody else's
      expect(await all(other)).toEqual([]);
      resolve();
      await Promise.all(three);
      expect(most).toBe(2);
      expect(await all()).toEqual(['a']);
    });

    test('whoever waits too long for a place gets none, and leaves none behind', async () => {
      const { promise: go, resolve } = Promise.withResolvers<void>();
      const two = [within(() => go), within(() => go)];
      await expect(within(() => Promise.resolve('never'))).rejects.toMatchObject(unavailable);
      resolve();
      await Promise.all(two);
      const three = () => Promise.all([all(), all(), all()]);
      await vi.waitFor(async () => expect(await three()).toEqual([['a'], ['a'], ['a']]));
    });

    test('whoever gives up waiting is counted until their place comes free', async () => {
      const { promise: go, resolve } = Promise.withResolvers<void>();
      const two = [within(() => go), within(() => go)];
      const givesUp = new AbortController();
      const waits = within(() => Promise.resolve(), { signal: givesUp.signal });
      await new Promise((done) => setImmediate(done));
      givesUp.abort();
      await expect(waits).rejects.toMatchObject(unavailable);
      await expect(within(() => Promise.resolve())).rejects.toThrow('too much is waiting');
      resolve();
      await Promise.all(two);
      const three = () => Promise.all([all(), all(), all()]);
      await vi.waitFor(async () => expect(await three()).toHaveLength(3));
    });

    test.each([
      ['its time', { timeMs: 300 }, false],
      ['whoever waits for it', {}, true],
    ])('work that outlives %s is ended, with what it runs', async (_title, options, aborts) => {
      const { signal } = aborts ? { signal: AbortSignal.timeout(300) } : { signal: undefined };
      const work = async (connection: TenantConnection) => {
        await harness.put(connection, 'e');
        await harness.take(connection, 60_000);
      };
      await expect(within(work, { ...options, signal })).rejects.toMatchObject(unavailable);
      await vi.waitFor(async () => expect(await harness.busy(mine!)).toBe(0), 10_000);
      expect(await all()).toEqual(['a']);
    });

    test('nobody is there any more: nothing is begun', async () => {
      let begun = false;
      const work = () => Promise.resolve((begun = true));
      await expect(within(work, { signal: AbortSignal.abort() })).rejects.toMatchObject(unavailable);
      expect(begun).toBe(false);
    });

    test('a password that was changed is looked up, also when nobody has told', async () => {
      await harness.changePassword(mine!);
      expect(await all()).toEqual(['a']);
      harness.connections.forget(mine!);
      expect(await all()).toEqual(['a']);
    });

    test('forgotten while others work and wait, all come to their end', async () => {
      const { promise: go, resolve } = Promise.withResolvers<void>();
      const work = async (connection: TenantConnection) => {
        await go;
        return harness.all(connection);
      };
      const two = [within(work), within(work)];
      const waits = all();
      await new Promise((done) => setTimeout(done, 100));
      await harness.changePassword(mine!);
      harness.connections.forget(mine!);
      expect(await waits).toEqual(['a']);
      resolve();
      expect(await Promise.all(two)).toEqual([['a'], ['a']]);
    });

    test('a project that is out of service is refused once it is forgotten, and served when it is back', async () => {
      await harness.cutOff(mine!);
      harness.connections.forget(mine!);
      await expect(all()).rejects.toMatchObject({ code: 'project/not-active' });
      expect(await all(other)).toEqual([]);
      await harness.letIn(mine!);
      expect(await all()).toEqual(['a']);
    });

    test('a login that it does not have is refused', async () => {
      const work = harness.connections.with(mine!, 'nobody', () => Promise.resolve());
      await expect(work).rejects.toMatchObject({ name: 'Refused' });
    });
  });
}
