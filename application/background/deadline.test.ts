import { expect, test } from 'vitest';
import { BackOff } from './back-off.ts';
import { unlessAborted, within } from './deadline.ts';

const never = new Promise<never>(() => {});

test('what the work gives in time counts, and what it throws', async () => {
  expect(await within(10_000, Promise.resolve('done'), () => 'late')).toBe('done');
  await expect(within(10_000, Promise.reject(new Error('broke')), () => 'late')).rejects.toThrow('broke');
});

test('when the time is over, the late answer or error counts', async () => {
  expect(await within(1, never, () => 'late')).toBe('late');
  const tooLate = () => {
    throw new Error('too late');
  };
  await expect(within(1, never, tooLate)).rejects.toThrow('too late');
});

test('an abort before or during the work ends the wait', async () => {
  const stopping = new AbortController();
  const waiting = unlessAborted(never, stopping.signal, () => 'stopped');
  stopping.abort();
  expect(await waiting).toBe('stopped');
  expect(await unlessAborted(never, stopping.signal, () => 'stopped')).toBe('stopped');
  const stopped = () => {
    throw new Error('stopped');
  };
  await expect(unlessAborted(never, stopping.signal, stopped)).rejects.toThrow('stopped');
});

test('pauses double up to the longest, and begin again after a success', () => {
  const backOff = new BackOff({ firstMs: 100, longestMs: 500 });
  const next = () => backOff.next();
  expect([next(), next(), next(), next(), next()]).toEqual([100, 200, 400, 500, 500]);
  backOff.reset();
  expect(next()).toBe(100);
});
