import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { Unavailable } from '../errors.ts';
import type { DataApi, DataApis } from './data-apis.ts';

export interface DataApisHarness {
  readonly dataApis: DataApis;
  /** a project whose database and logins are there */
  prepare(): Promise<DataApi>;
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
      expect(await dataApis.list()).toEqual([]);
    });
  });
}
