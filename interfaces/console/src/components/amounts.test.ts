import { expect, test } from 'vitest';
import { bytesText, durationText, relativeTime, withLocalTimes } from './amounts.tsx';

test.each([
  [0, '0 bytes'],
  [1023, '1,023 bytes'],
  [1024, '1 KiB'],
  [7_969_177, '7.6 MiB'],
  [500 * 1024 * 1024, '500 MiB'],
  [5 * 1024 ** 5, '5,120 TiB'],
])('%d is %s', (bytes, text) => {
  expect(bytesText(bytes)).toBe(text);
});

test.each([
  [850.4, '850 ms'],
  [1_249, '1.2 s'],
  [180_000, '3 min'],
])('%d ms is %s', (ms, text) => {
  expect(durationText(ms)).toBe(text);
});

test.each([
  ['2026-01-01T12:00:30Z', 'now'],
  ['2026-01-01T11:57:59Z', '2 min. ago'],
  ['2025-12-31T12:00:00Z', 'yesterday'],
  ['2026-01-08T12:00:00Z', 'next wk.'],
  ['2026-01-01T15:30:00Z', 'in 3 hr.'],
])('%s is %s', (at, text) => {
  expect(relativeTime(new Date(at), new Date('2026-01-01T12:00:00Z'))).toBe(text);
});

test('times in words are the reader’s, whatever else is said stays', () => {
  const at = '2026-12-07T02:45:29.099Z';
  const own = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' }).format(
    new Date(at),
  );
  expect(withLocalTimes(`Made, good until ${at}; again until ${at}`)).toBe(
    `Made, good until ${own}; again until ${own}`,
  );
  for (const words of ['in 2026-12-07', 'The project "2026-13-41T99:00:00Z" was requested', ''])
    expect(withLocalTimes(words)).toBe(words);
});
