import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newProject } from './databases.contract.ts';
import type { MeasuredSizes } from './measured-sizes.ts';

export interface MeasuredSizesHarness {
  readonly measured: MeasuredSizes;
  close(): Promise<void>;
}

export function measuredSizesContract(name: string, make: () => Promise<MeasuredSizesHarness>): void {
  describe(`${name}: measured sizes`, () => {
    let harness: MeasuredSizesHarness;
    beforeAll(async () => {
      harness = await make();
    });
    afterAll(() => harness.close());

    test('what was recorded last is told, of those who were asked for, and of others nothing', async () => {
      const { measured } = harness;
      const [one, two, three] = [newProject(), newProject(), newProject()];
      await measured.record(
        new Map([
          [one, 8_000_000],
          [two, 9_000_000_000_000],
        ]),
      );
      await measured.record(new Map([[one, 7_000_000]]));
      expect(await measured.of([one, two, three])).toEqual(
        new Map([
          [one, 7_000_000],
          [two, 9_000_000_000_000],
        ]),
      );
      expect(await measured.of([three])).toEqual(new Map());
      expect(await measured.of([])).toEqual(new Map());
    });

    test('nothing is recorded of nobody, and of many at once everything', async () => {
      const { measured } = harness;
      await measured.record(new Map());
      const many = Array.from({ length: 1_000 }, (_, at) => [newProject(), at] as const);
      await Promise.all([measured.record(new Map(many)), measured.record(new Map(many.toReversed()))]);
      expect(await measured.of(many.map(([id]) => id))).toEqual(new Map(many));
    });
  });
}
