import { expect, test } from 'vitest';
import { neighbour, placeAfter } from './grid-keys.ts';

const extent = { rows: 100, columns: 4, page: 20 };
const at = { row: 10, column: 2 };

test.each([
  ['ArrowDown', false, { row: 11, column: 2 }],
  ['ArrowUp', false, { row: 9, column: 2 }],
  ['ArrowRight', false, { row: 10, column: 3 }],
  ['ArrowLeft', false, { row: 10, column: 1 }],
  ['ArrowDown', true, { row: 99, column: 2 }],
  ['PageDown', false, { row: 30, column: 2 }],
  ['PageUp', false, { row: 0, column: 2 }],
  ['Home', false, { row: 10, column: 0 }],
  ['End', true, { row: 99, column: 3 }],
  ['a', false, undefined],
])('%s (Ctrl: %s)', (key, ctrl, expected) => expect(placeAfter({ key, ctrl }, at, extent)).toEqual(expected));

test('nothing leads out of the grid', () => {
  const corner = { row: 99, column: 3 };
  for (const key of ['ArrowDown', 'ArrowRight', 'PageDown', 'End'])
    expect(placeAfter({ key, ctrl: false }, corner, extent)).toEqual(corner);
  expect(neighbour(corner, 1, extent)).toEqual(corner);
  expect(neighbour({ row: 0, column: 0 }, -1, extent)).toEqual({ row: 0, column: 0 });
});

test('Tab goes on in the next row', () => {
  expect(neighbour({ row: 3, column: 3 }, 1, extent)).toEqual({ row: 4, column: 0 });
  expect(neighbour({ row: 3, column: 0 }, -1, extent)).toEqual({ row: 2, column: 3 });
});
