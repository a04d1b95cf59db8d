import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { Unavailable } from '../errors.ts';
import type { DataApi, DataApis } from './data-apis.ts';
import { newProject } from './databases.contract.ts';

export interface DataApisHarness {
  readonly dataApis: DataApis;
  /** a project whose database and logins are there */
  prepare(): Promise<DataApi>;
  /** ends what serves the project, as nobody of ours would */
  kill(project: ProjectId): Promise<void>;
  close(): Promise<void>;
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

    test('ensured twice there is one, and it answers', async () => {
      await Promise.all([dataApis.ensure(api), dataApis.ensure(api)]);
      await dataApis.probe(project);
      const endpoint = dataApis.endpoint(project);
      await dataApis.ensure(api);
      expect(dataApis.endpoint(project)).toEqual(endpoint);
      expect(await dataApis.list()).toEqual([project]);
    });

    test('says how what runs compares with what is wanted, and changes nothing by that', async () => {
      const endpoint = dataApis.endpoint(project);
      const other = { ...api, settings: { ...api.settings, maxRows: 3 } };
      expect(await dataApis.state(api)).toBe('as-wanted');
      expect(await dataApis.state(other)).toBe('different');
      expect(await dataApis.state({ ...api, project: newProject() })).toBe('absent');
      expect(dataApis.endpoint(project)).toEqual(endpoint);
      expect(await dataApis.state(api)).toBe('as-wanted');
    });

    test('changed settings leave it where it is', async () => {
      const endpoint = dataApis.endpoint(project);
      await dataApis.ensure({ ...api, settings: { ...api.settings, maxRows: 7 } });
      expect(dataApis.endpoint(project)).toEqual(endpoint);
      await dataApis.probe(project);
    });

    test('removed twice, nothing is left', async () => {
      await dataApis.remove(project);
      await dataApis.remove(project);
      expect(dataApis.endpoint(project)).toBeUndefined();
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
  });
}
