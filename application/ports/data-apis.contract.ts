import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { Unavailable } from '../errors.ts';
import type { DataApi, DataApis, ManagedDataApis } from './data-apis.ts';
import { newProject } from './databases.contract.ts';

export interface DataApisHarness {
  readonly dataApis: DataApis;
  /** a project whose database and logins are there */
  prepare(): Promise<DataApi>;
  /** the log says so too: an adapter may take its facts from there, not from the call */
  change?(api: DataApi): Promise<void>;
  /** as if a request of this project were under way, until that is called which it returns */
  occupy(project: ProjectId): () => void;
  close(): Promise<void>;
}

export interface ManagedDataApisHarness extends DataApisHarness {
  readonly dataApis: ManagedDataApis;
  /** gives the authenticator another password, so that sessions have to be made with it from now on */
  changePassword(api: DataApi): Promise<DataApi>;
  /** how many of the project's {@link ROWS} rows are served; rejects when the request fails */
  rows(project: ProjectId): Promise<number>;
  /** ends what serves the project, as nobody of ours would */
  kill(project: ProjectId): Promise<void>;
}

export const ROWS = 20;

export const limitedTo = (api: DataApi, maxRows: number): DataApi => ({
  ...api,
  settings: { ...api.settings, maxRows },
});

/** Asks all the time; every answer must be a good one. @returns what was answered */
export async function askedDuring(
  ask: () => Promise<number>,
  change: () => Promise<void>,
  askers = 2,
): Promise<Set<number>> {
  let changing = true;
  const asker = async () => {
    const seen = new Set([await ask()]);
    while (changing) seen.add(await ask());
    return seen;
  };
  const answers = Promise.all(Array.from({ length: askers }, asker));
  await change().finally(() => (changing = false));
  return new Set((await answers).flatMap((seen) => [...seen]));
}

export function dataApisContract(name: string, make: () => Promise<DataApisHarness>): void {
  describe(`${name}: data APIs`, () => {
    let harness: DataApisHarness;
    let dataApis: DataApis;
    let api: DataApi;
    let project: ProjectId;
    beforeAll(async () => {
      harness = await make();
      ({ dataApis } = harness);
      api = await harness.prepare();
      ({ project } = api);
    });
    afterAll(() => harness.close());

    test('there is none before it was asked for', async () => {
      expect(dataApis.endpoint(project)).toBeUndefined();
      await expect(dataApis.probe(project)).rejects.toThrow(Unavailable);
      await dataApis.reloadSchema(project);
    });

    test('of what is stopped before it began nothing is started', async () => {
      const signal = AbortSignal.abort(new Error('stopped'));
      await expect(dataApis.ensure(api, signal)).rejects.toThrow();
      expect(dataApis.endpoint(project)).toBeUndefined();
    });

    test('stopped in the middle of its start it is in nobody’s way: the next try starts it', async () => {
      const one = await harness.prepare();
      for (const afterMs of [1, 10, 20, 30, 60, 120]) {
        const stopping = new AbortController();
        const started = dataApis.ensure(one, stopping.signal);
        setTimeout(() => stopping.abort(new Error('stopped')), afterMs);
        await started.catch(() => {});
      }
      await dataApis.ensure(one);
      await dataApis.probe(one.project);
      await dataApis.remove(one.project);
    });

    test('ensured twice there is one, and it answers', async () => {
      await Promise.all([dataApis.ensure(api), dataApis.ensure(api)]);
      await dataApis.probe(project);
      const endpoint = dataApis.endpoint(project);
      expect(endpoint).toBeDefined();
      await dataApis.ensure(api);
      expect(dataApis.endpoint(project)).toEqual(endpoint);
    });

    test('changed settings leave it where it is', async () => {
      const endpoint = dataApis.endpoint(project);
      const changed = limitedTo(api, 7);
      await harness.change?.(changed);
      await dataApis.ensure(changed);
      expect(dataApis.endpoint(project)).toEqual(endpoint);
      await dataApis.probe(project);
    });

    test('removed twice, nothing is left', async () => {
      await dataApis.remove(project);
      await dataApis.remove(project);
      expect(dataApis.endpoint(project)).toBeUndefined();
      await expect(dataApis.probe(project)).rejects.toThrow(Unavailable);
    });

    test('retired it is gone, unless somebody uses it: then nothing has happened', async () => {
      await dataApis.ensure(api);
      const endpoint = dataApis.endpoint(project);
      const leave = harness.occupy(project);
      expect(await dataApis.retire(project)).toBe(false);
      expect(dataApis.endpoint(project)).toEqual(endpoint);
      await dataApis.probe(project);
      leave();
      expect(await dataApis.retire(project)).toBe(true);
      expect(await dataApis.retire(project)).toBe(true);
      expect(dataApis.endpoint(project)).toBeUndefined();
      await expect(dataApis.probe(project)).rejects.toThrow(Unavailable);
    });

    test('removed and asked for again it answers', async () => {
      await dataApis.ensure(api);
      await dataApis.probe(project);
      expect(dataApis.endpoint(project)).toBeDefined();
      await dataApis.remove(project);
    });
  });
}

export function managedDataApisContract(name: string, make: () => Promise<ManagedDataApisHarness>): void {
  dataApisContract(name, make);

  describe(`${name}: managed data APIs`, () => {
    let harness: ManagedDataApisHarness;
    let dataApis: ManagedDataApis;
    let api: DataApi;
    let project: ProjectId;
    beforeAll(async () => {
      harness = await make();
      ({ dataApis } = harness);
      api = await harness.prepare();
      ({ project } = api);
    });
    afterAll(() => harness.close());

    test('lists what runs', async () => {
      expect(await dataApis.list()).toEqual([]);
      expect([...dataApis.endpoints()]).toEqual([]);
      await dataApis.ensure(api);
      expect(await dataApis.list()).toEqual([project]);
      expect([...dataApis.endpoints()]).toEqual([[project, dataApis.endpoint(project)]]);
    });

    test('says how what runs compares with what is wanted, and changes nothing by that', async () => {
      const endpoint = dataApis.endpoint(project);
      expect(await dataApis.state(api)).toBe('as-wanted');
      expect(await dataApis.state(limitedTo(api, 3))).toBe('different');
      expect(await dataApis.state({ ...api, project: newProject() })).toBe('absent');
      expect(dataApis.endpoint(project)).toEqual(endpoint);
      expect(await dataApis.state(api)).toBe('as-wanted');
    });

    test('changed settings are in force when ensure returns, and no request fails meanwhile', async () => {
      const endpoint = dataApis.endpoint(project);
      for (const [maxRows, earlier] of [
        [3, ROWS],
        [5, 3],
      ] as const) {
        const answers = await askedDuring(
          () => harness.rows(project),
          () => dataApis.ensure(limitedTo(api, maxRows)),
        );
        expect([...answers].filter((count) => count !== earlier && count !== maxRows)).toEqual([]);
        expect(await harness.rows(project)).toBe(maxRows);
      }
      expect(dataApis.endpoint(project)).toEqual(endpoint);
      await dataApis.ensure(api);
      expect(await harness.rows(project)).toBe(ROWS);
    });

    test('a changed password is in force when ensure returns, and no request fails meanwhile', async () => {
      // from the change on, who has the old one can open no connection: one caller needs only the one that is open
      await harness.rows(project);
      const answers = await askedDuring(
        () => harness.rows(project),
        async () => {
          api = await harness.changePassword(api);
          await dataApis.ensure(api);
        },
        1,
      );
      expect([...answers]).toEqual([ROWS]);
      expect(await dataApis.state(api)).toBe('as-wanted');
      expect(await dataApis.list()).toEqual([project]);
    });

    test('removed, it is absent', async () => {
      await dataApis.remove(project);
      expect(await dataApis.state(api)).toBe('absent');
      expect(await dataApis.list()).toEqual([]);
    });

    test('tells of one that ended by itself, and of none that was removed', async () => {
      const told: ProjectId[] = [];
      dataApis.onDisturbed((disturbed) => told.push(disturbed));
      await dataApis.ensure(api);
      await harness.kill(project);
      await vi.waitFor(() => expect(told).toEqual([project]), { timeout: 10_000 });
      await dataApis.ensure(api);
      await dataApis.probe(project);
      await dataApis.remove(project);
      expect(told).toEqual([project]);
    });

    test('several at once', async () => {
      const many = await Promise.all([harness.prepare(), harness.prepare(), harness.prepare()]);
      await Promise.all(many.map((one) => dataApis.ensure(one)));
      await Promise.all(many.map((one) => dataApis.probe(one.project)));
      expect(new Set(await dataApis.list())).toEqual(new Set(many.map((one) => one.project)));
      await Promise.all(many.map((one) => dataApis.remove(one.project)));
      expect(await dataApis.list()).toEqual([]);
    });
  });
}
