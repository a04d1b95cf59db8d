import { expect, test } from 'vitest';
import { quietLog } from '../../infrastructure/testing/folder.ts';
import { Lifecycle, StartInterrupted, type Part } from './lifecycle.ts';

function parts(told: string[]) {
  return (name: string, start: () => Promise<unknown> = () => Promise.resolve()): Part => ({
    name,
    start: async () => {
      told.push(`start ${name}`);
      await start();
    },
    stop: async () => void told.push(`stop ${name}`),
    stopWithinMs: 20,
  });
}

test('parts stop in reverse, also when one cannot start', async () => {
  const told: string[] = [];
  const part = parts(told);
  const lifecycle = new Lifecycle(quietLog);
  await lifecycle.start(part('a'));
  await expect(lifecycle.start(part('b', () => Promise.reject(new Error('no'))))).rejects.toThrow('no');
  expect(told).toEqual(['start a', 'start b', 'stop b', 'stop a']);
});

test('a start that never ends is left when a stop is asked for, and what stands is stopped', async () => {
  const told: string[] = [];
  const part = parts(told);
  const stopping = new AbortController();
  const lifecycle = new Lifecycle(quietLog, stopping.signal);
  await lifecycle.start(part('a'));
  const starting = lifecycle.start(part('b', () => new Promise(() => {})));
  stopping.abort();
  await expect(starting).rejects.toBeInstanceOf(StartInterrupted);
  expect(told).toEqual(['start a', 'start b', 'stop b', 'stop a']);
  await expect(lifecycle.start(part('c'))).rejects.toBeInstanceOf(StartInterrupted);
  expect(told).not.toContain('start c');
});

test('what stands only after it was interrupted is stopped, too', async () => {
  const told: string[] = [];
  const stopping = new AbortController();
  const lifecycle = new Lifecycle(quietLog, stopping.signal);
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const slow = parts(told)('slow', async () => {
    await late;
    told.push('stands');
  });
  const starting = lifecycle.start(slow);
  stopping.abort();
  resolve();
  await expect(starting).rejects.toBeInstanceOf(StartInterrupted);
  expect(told.at(-1)).toBe('stop slow');
  expect(told).toContain('stands');
});
