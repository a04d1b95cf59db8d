import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Turns } from './turns.ts';

export interface TurnsHarness {
  /** as two processes of the platform have it */
  readonly turns: readonly [Turns, Turns];
  close(): Promise<void>;
}

export function turnsContract(name: string, make: () => Promise<TurnsHarness>): void {
  describe(`${name}: turns`, () => {
    let harness: TurnsHarness;
    beforeAll(async () => {
      harness = await make();
    });
    afterAll(() => harness.close());
    const either = (number: number) => harness.turns[number % 2 === 0 ? 0 : 1];

    test('of many at once one is at work at any moment, and all have their turn', async () => {
      let [atWork, most, done] = [0, 0, 0];
      const work = async () => {
        most = Math.max(most, ++atWork);
        await sleep(2);
        atWork--;
        return done++;
      };
      const results = await Promise.all(Array.from({ length: 30 }, (_, i) => either(i).take('a', work)));
      expect([most, done]).toEqual([1, 30]);
      expect(new Set(results).size).toBe(30);
    });

    test('work that fails gives its turn to the next one', async () => {
      const failing = either(0).take('b', () => Promise.reject(new RangeError('no')));
      await expect(failing).rejects.toThrow(RangeError);
      expect(await either(1).take('b', () => Promise.resolve('next'))).toBe('next');
      expect(await either(0).take('b', () => Promise.resolve('and next'))).toBe('and next');
    });

    test('work of another name is not waited for', async () => {
      const inner = () => either(1).take('d', () => Promise.resolve('inside'));
      expect(await either(0).take('c', inner)).toBe('inside');
    });
  });
}
