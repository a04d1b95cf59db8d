import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { ProjectFiles } from './project-files.ts';

export interface ProjectFilesHarness {
  readonly files: ProjectFiles;
  /** Of projects whose files may be removed. */
  project(): Promise<ProjectId>;
  put(project: ProjectId, bytes: number): Promise<void>;
  close(): Promise<void>;
}

const NONE = { files: 0, bytes: 0 };

export function projectFilesContract(adapter: string, make: () => Promise<ProjectFilesHarness>): void {
  describe(`files of projects: ${adapter}`, () => {
    let harness: ProjectFilesHarness;
    beforeAll(async () => {
      harness = await make();
    });
    afterAll(() => harness.close());
    const patient = () => new AbortController().signal;

    test('what a project has is counted, and nobody else', async () => {
      const { files } = harness;
      const [one, other] = [await harness.project(), await harness.project()];
      expect(await files.taken(one, patient())).toEqual(NONE);
      await harness.put(one, 10);
      await harness.put(one, 5);
      await harness.put(other, 0);
      expect(await files.taken(one, patient())).toEqual({ files: 2, bytes: 15 });
      expect(await files.taken(other, patient())).toEqual({ files: 1, bytes: 0 });
    });

    test('all of one project are removed, and none of another; again is no error', async () => {
      const { files } = harness;
      const [one, other] = [await harness.project(), await harness.project()];
      for (let at = 0; at < 20; at++) await harness.put(one, at);
      await harness.put(other, 7);
      await files.removeAll(one, patient());
      expect(await files.taken(one, patient())).toEqual(NONE);
      expect(await files.taken(other, patient())).toEqual({ files: 1, bytes: 7 });
      await files.removeAll(one, patient());
      await files.removeAll(await harness.project(), patient());
      await harness.put(one, 3);
      expect(await files.taken(one, patient())).toEqual({ files: 1, bytes: 3 });
    });

    test('who gives up is told, and comes again', async () => {
      const { files } = harness;
      const one = await harness.project();
      await harness.put(one, 4);
      const reason = new Error('given up');
      await expect(files.removeAll(one, AbortSignal.abort(reason))).rejects.toThrow();
      await files.removeAll(one, patient());
      expect(await files.taken(one, patient())).toEqual(NONE);
    });
  });
}
