import { expect, test } from 'vitest';
import { afterWrong, mayTryAt, NO_TRIES, triesFromJson, triesToJson } from './bounded-tries.ts';

const now = new Date('2026-08-01T10:00:00Z');
const after = (seconds: number) => new Date(now.getTime() + seconds * 1000);
const wrongTimes = (times: number) =>
  Array.from({ length: times }).reduce<typeof NO_TRIES>((tries) => afterWrong(tries, now), NO_TRIES);

test('five may be wrong; then each next one makes the wait twice as long, an hour at most', () => {
  const waits = [0, 4, 5, 6, 7, 11, 12, 13, 1000].map((times) => {
    const at = mayTryAt(wrongTimes(times), now);
    return at && (at.getTime() - now.getTime()) / 1000;
  });
  expect(waits).toEqual([null, null, 30, 60, 120, 1920, 3600, 3600, 3600]);
});

test('a wait ends', () => {
  expect(mayTryAt(wrongTimes(5), after(29))).toEqual(after(30));
  expect(mayTryAt(wrongTimes(5), after(30))).toBeNull();
});

test('they are read as they were written, and an odd row locks nobody out', () => {
  expect(triesFromJson(triesToJson(wrongTimes(6)))).toEqual(wrongTimes(6));
  expect(triesToJson(NO_TRIES)).toEqual({});
  for (const odd of [
    {},
    { wrong: 1e9 },
    { wrong: Infinity, last_wrong_at: now.toISOString() },
    { wrong: '9' },
  ])
    expect(triesFromJson(odd)).toEqual(NO_TRIES);
});
