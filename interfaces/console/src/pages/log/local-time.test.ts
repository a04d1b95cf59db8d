import { expect, test } from 'vitest';
import { localText, timeOfLocal } from './local-time.ts';

test('a time comes back from the field', () => {
  const time = new Date(2026, 0, 2, 3, 4, 5).toISOString();
  expect(localText(time)).toBe('2026-01-02T03:04:05');
  expect(timeOfLocal('2026-01-02T03:04:05')).toBe(time);
  expect(timeOfLocal('2026-01-02T03:04')).toBe(new Date(2026, 0, 2, 3, 4).toISOString());
});

test('nothing is nothing, and so is half a time', () => {
  expect([localText(''), timeOfLocal(''), timeOfLocal('2026-13')]).toEqual(['', '', '']);
});
