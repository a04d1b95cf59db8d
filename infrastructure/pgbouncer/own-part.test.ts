import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hasBothMarks, joined, partsOf } from './own-part.ts';

const lines = fc
  .array(fc.constantFrom('a = 1', '[databases]', '; a comment', 'mine = host=h', '', '%include x'), {
    maxLength: 5,
  })
  .map((all) => all.map((line) => `${line}\n`).join(''));

test('what is joined comes apart as it was; our part is replaced and theirs is not touched', () => {
  fc.assert(
    fc.property(lines, lines, lines, lines, (before, own, after, next) => {
      const text = joined({ before, after }, own);
      expect(partsOf(text, undefined)).toEqual({ before, own, after });
      expect(hasBothMarks(text)).toBe(true);
      const parts = partsOf(joined(partsOf(text, undefined), next), undefined);
      expect(parts).toEqual({ before, own: next, after });
    }),
  );
});

test('cut short anywhere, it loses none of the operator’s lines', () => {
  fc.assert(
    fc.property(lines, lines, lines, fc.nat(), (before, own, after, at) => {
      const known = joined({ before, after }, own);
      const found = partsOf(known.slice(0, at % (known.length + 1)), known);
      if (found.own === undefined) expect(found).toEqual({ before, own: undefined, after });
      // both marks are there: what follows the second one is as the operator left it
      else expect(after.startsWith(found.after)).toBe(true);
    }),
  );
});

test('a mark that was taken away takes nothing of the operator’s with it', () => {
  const known = joined({ before: 'above\n', after: 'below\n' }, 'ours\n');
  const [, , , end] = known.split('\n');
  const withoutEnd = known.replace(`${end}\n`, '').replace('above', 'changed');
  expect(partsOf(withoutEnd, known)).toEqual({ before: 'changed\n', own: undefined, after: 'below\n' });
  const withoutBegin = known.replace(/;; launchdb: begin.*\n/, '').replace('below', 'changed');
  expect(partsOf(withoutBegin, known)).toEqual({ before: 'above\n', own: undefined, after: 'changed\n' });
});

test('a file that never had a mark is the operator’s', () => {
  expect(partsOf('mine = host=h', undefined)).toEqual({ before: 'mine = host=h', own: undefined, after: '' });
  expect(joined({ before: 'mine = host=h', after: '' }, 'ours\n')).toMatch(
    /^mine = host=h\n;;.*\nours\n;;.*\n$/,
  );
});
