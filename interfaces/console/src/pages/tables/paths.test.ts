import { expect, test } from 'vitest';
import { askedOf, nextSorts, searchOf, tablePath } from './paths.ts';

const columns = [{ name: 'id' }, { name: '-odd' }, { name: 'a.b' }];

test('conditions and order stand in the address', () => {
  const asked = {
    filters: [{ column: 'a.b', operator: 'eq', value: 'x&y=z' } as const],
    sorts: [
      { column: 'id', descending: true },
      { column: '-odd', descending: false },
    ],
  };
  expect(askedOf(searchOf(asked), columns)).toEqual(asked);
  expect(askedOf('filter=nope.eq.1&filter=zzz&sort=-nope&other=1', columns)).toEqual({
    filters: [],
    sorts: [],
  });
});

test('names of tables may hold anything', () => {
  expect(tablePath('proj_a', { schema: 'a/b', name: 'c?d#e' })).toBe(
    '/projects/proj_a/tables/a%2Fb/c%3Fd%23e',
  );
  expect(tablePath('p', { schema: 's', name: 't' }, [{ column: 'id', operator: 'eq', value: '1' }])).toBe(
    '/projects/p/tables/s/t?filter=id.eq.1',
  );
});

test('pressing a heading again and again goes up, down and back', () => {
  const up = nextSorts([], 'id');
  const down = nextSorts(up, 'id');
  expect([up, down, nextSorts(down, 'id'), nextSorts(down, 'b')]).toEqual([
    [{ column: 'id', descending: false }],
    [{ column: 'id', descending: true }],
    [],
    [{ column: 'b', descending: false }],
  ]);
});
