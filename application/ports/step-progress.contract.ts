import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { StepOf, StepProgress } from './step-progress.ts';

export interface ProgressHarness {
  /** as the worker has it, and as whoever shows it in another process */
  readonly progress: readonly [StepProgress, StepProgress];
  close(): Promise<void>;
}

const PATIENCE = { timeout: 10_000, interval: 10 };

export function stepProgressContract(name: string, make: () => Promise<ProgressHarness>): void {
  describe(`${name}: progress of steps`, () => {
    let harness: ProgressHarness;
    beforeAll(async () => {
      harness = await make();
    });
    afterAll(() => harness.close());
    const step = (id: string): StepOf => ({ aggregate: 'backup', id, step: 'dump' });
    const tell = (...given: Parameters<StepProgress['tell']>) => harness.progress[0].tell(...given);
    const shown = (id: string) => harness.progress[1].of('backup', id);

    test('of what was told the last word is shown, and nothing of others', async () => {
      expect(await shown('one')).toBeUndefined();
      for (let done = 0; done <= 500; done++) tell(step('one'), { done, total: 500, unit: 'bytes' });
      tell(step('two'), { done: 7, total: null, unit: 'bytes' });
      await vi.waitFor(async () => {
        expect(await shown('one')).toMatchObject({ step: 'dump', done: 500, total: 500, unit: 'bytes' });
        expect(await shown('two')).toMatchObject({ step: 'dump', done: 7, total: null });
      }, PATIENCE);
      expect((await shown('one'))?.at).toBeInstanceOf(Date);
      expect(await harness.progress[1].of('move', 'one')).toBeUndefined();
    });

    test('what has ended is shown no more; numbers may be larger than four bytes', async () => {
      tell(step('three'), { done: 2 ** 40, total: 2 ** 41, unit: 'bytes' });
      await vi.waitFor(async () => expect(await shown('three')).toMatchObject({ done: 2 ** 40 }), PATIENCE);
      tell(step('three'), undefined);
      await vi.waitFor(async () => expect(await shown('three')).toBeUndefined(), PATIENCE);
    });
  });
}
