import { expect, test } from 'vitest';
import { KeyedQueue } from './keyed-queue.ts';

test('work for one key goes one after another, in order; a failure stops nobody; other keys do not wait', async () => {
  const queue = new KeyedQueue<string>();
  const seen: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = queue.run('a', async () => {
    await gate.promise;
    seen.push('first');
    throw new Error('it broke');
  });
  const second = queue.run('a', async () => seen.push('second'));
  await queue.run('b', async () => seen.push('other'));
  expect(seen).toEqual(['other']);
  expect(queue.length('a')).toBe(2);
  gate.resolve();
  await expect(first).rejects.toThrow('it broke');
  await second;
  expect(seen).toEqual(['other', 'first', 'second']);
});

test('done waits for what was asked for so far, failed or not', async () => {
  const queue = new KeyedQueue<string>();
  let isOver = false;
  const failing = queue.run('a', async () => {
    await Promise.resolve();
    isOver = true;
    throw new Error('it broke');
  });
  failing.catch(() => {});
  await queue.done('a');
  expect([isOver, queue.length('a')]).toEqual([true, 0]);
});
