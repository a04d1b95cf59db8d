import { expect, test } from 'vitest';
import type { Row } from './read-rows.ts';
import { PAGE, RowPages } from './row-pages.ts';

const row = (index: number): Row => ({
  id: [String(index)],
  place: [String(index)],
  cells: [`row ${index}`],
});
const rowsOf = (page: number, count = PAGE) =>
  Array.from({ length: count }, (_, at) => row(page * PAGE + at));

test('rows are found by their index, and so are pages that are missing', () => {
  const pages = new RowPages();
  pages.put(1, rowsOf(1));
  expect(pages.row(PAGE + 3)).toEqual(row(PAGE + 3));
  expect(pages.row(3)).toBeUndefined();
  expect(pages.missing(PAGE - 1, PAGE * 2)).toEqual([0, 2]);
  expect(pages.missing(PAGE, PAGE * 2 - 1)).toEqual([]);
});

test('a page is counted from the nearest known row in front of it', () => {
  const pages = new RowPages();
  expect(pages.anchorFor(5)).toBeUndefined();
  pages.put(0, rowsOf(0));
  pages.put(3, rowsOf(3));
  pages.put(9, rowsOf(9));
  expect(pages.anchorFor(5)).toEqual({ index: 4 * PAGE - 1, place: [String(4 * PAGE - 1)] });
  expect(pages.anchorFor(1)).toEqual({ index: PAGE - 1, place: [String(PAGE - 1)] });
  expect(pages.anchorFor(0)).toBeUndefined();
});

test('without an order that can be sought there is no anchor', () => {
  const pages = new RowPages();
  pages.put(
    0,
    rowsOf(0).map((one) => ({ ...one, place: [] })),
  );
  expect(pages.anchorFor(1)).toBeUndefined();
});

test('what is far away is forgotten, its end stays known', () => {
  const pages = new RowPages();
  for (let page = 0; page < 80; page++) pages.put(page, rowsOf(page));
  expect(pages.has(0)).toBe(false);
  expect(pages.has(79)).toBe(true);
  expect(pages.anchorFor(1)?.index).toBe(PAGE - 1);
});

test('a page that is not full tells where the rows end', () => {
  const pages = new RowPages();
  pages.put(0, rowsOf(0));
  expect(pages.end).toBeUndefined();
  pages.put(2, rowsOf(2, 7));
  expect(pages.end).toBe(2 * PAGE + 7);
  const empty = new RowPages();
  empty.put(0, []);
  expect(empty.end).toBe(0);
  const exact = new RowPages();
  exact.put(0, rowsOf(0));
  exact.put(1, []);
  expect(exact.end).toBe(PAGE);
});

test('a row that was changed stands where it stood', () => {
  const pages = new RowPages();
  pages.put(1, rowsOf(1));
  const changed = { ...row(PAGE + 2), cells: ['new'] };
  pages.replace(PAGE + 2, changed);
  expect(pages.row(PAGE + 2)).toEqual(changed);
  expect(pages.row(PAGE + 1)).toEqual(row(PAGE + 1));
  pages.replace(0, changed);
  expect(pages.row(0)).toBeUndefined();
});
