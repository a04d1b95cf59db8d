import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isoTime } from './iso-time.ts';

const anyDate = fc.date({ noInvalidDate: true, min: new Date(-8.63e15), max: new Date(8.63e15) });

test('a time is written as a Date writes it, whatever was written before', () => {
  fc.assert(
    fc.property(fc.array(anyDate), anyDate, (others, first) => {
      const near = [1, 999, 59_999, 60_000, -1].map((ms) => new Date(first.getTime() + ms));
      for (const date of [first, ...near, ...others, first]) expect(isoTime(date)).toBe(date.toISOString());
    }),
  );
});

test('what is no time is refused, and the next one is right again', () => {
  isoTime(new Date(0));
  expect(() => isoTime(new Date(Number.NaN))).toThrow(RangeError);
  expect(isoTime(new Date(0))).toBe('1970-01-01T00:00:00.000Z');
});
