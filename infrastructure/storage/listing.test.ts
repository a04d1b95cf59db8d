import fc from 'fast-check';
import { expect, test } from 'vitest';
import { endOf } from './listing.ts';

/** As PostgreSQL sorts by the collation "C". */
const compared = (one: string, other: string): number => Buffer.compare(Buffer.from(one), Buffer.from(other));

test.each([
  ['a', 'b'],
  ['a/', 'a0'],
  ['', null],
  ['\u{10ffff}', null],
  ['a\u{10ffff}', 'b'],
  ['\ud7ff', '\ue000'],
])('whatever begins with %j comes before %j', (prefix, end) => expect(endOf(prefix)).toBe(end));

test('whatever begins with a text comes before its end, and nothing that does not is in between', () => {
  const texts = fc.string({ unit: 'binary', maxLength: 4 });
  fc.assert(
    fc.property(texts, texts, (prefix, other) => {
      const end = endOf(prefix);
      const isWithin = compared(other, prefix) >= 0 && (end === null || compared(other, end) < 0);
      expect([prefix, other, isWithin]).toEqual([prefix, other, other.startsWith(prefix)]);
      if (end !== null) expect(compared(prefix + other, end)).toBeLessThan(0);
    }),
  );
});
