import { expect, test } from 'vitest';
import {
  countOf,
  dateMarks,
  findChange,
  isThinned,
  neighboursOf,
  pageAt,
  placeOf,
  stretchAt,
  withoutDoubles,
  type Moment,
} from './moments.ts';

const second = (at: number) => new Date(Date.UTC(2026, 4, 12, 0, 0, at)).toISOString();
const moment = (at: number, text = ''): Moment => ({
  at: second(at),
  position: String(at),
  type: 'ProjectRenamed',
  text,
  actor: { kind: 'owner', id: 'own_1' },
  stands_for: 1,
  from: second(at),
  through: second(at),
});
/** @param from the first of those that it stands for */
const thinned = (at: number, count: number, from: number): Moment => ({
  ...moment(at),
  stands_for: count,
  from: second(from),
});
const three = [moment(10), moment(20), moment(30)];

test.each([
  [9, -1],
  [10, 0],
  [19, 0],
  [20, 1],
  [99, 2],
])('second %d stands at place %d', (at, place) => {
  expect(placeOf(three, second(at))).toBe(place);
});

test('now is behind the last moment, and another zone is the same time', () => {
  expect(placeOf(three, undefined)).toBe(3);
  expect(placeOf([], undefined)).toBe(0);
  expect(placeOf(three, '2026-05-12T02:00:20+02:00')).toBe(1);
});

test('of one instant the last moment is kept', () => {
  const doubles = [moment(10, 'a'), moment(10, 'b'), moment(20, 'c')];
  const stops = withoutDoubles(doubles);
  expect(stops.map(({ text, stands_for: count }) => [text, count])).toEqual([
    ['b', 2],
    ['c', 1],
  ]);
  // there is nothing to be seen more closely
  expect(stops.some(isThinned)).toBe(false);
  expect(withoutDoubles([thinned(10, 3, 5), moment(10)]).map(isThinned)).toEqual([true]);
});

test('a list has pages, on each of which every moment has room; the last one is as full as can be', () => {
  const list = [1, 2, 3, 4, 5, 6, 7].map((at) => thinned(at * 10, 4, at * 10 - 9));
  expect(countOf(list)).toBe(28);
  const pages = list.map((_, place) => pageAt(list, place, 12));
  expect(pages).toEqual([
    [0, 1],
    [1, 4],
    [1, 4],
    [1, 4],
    [4, 7],
    [4, 7],
    [4, 7],
  ]);
  // a time before the stop that stands for it, where the page begins
  expect([stretchAt(list, second(11)), placeOf(list, second(11)), stretchAt(list, undefined)]).toEqual([
    1, 0, 7,
  ]);
  // before all of them, and now
  expect([pageAt(list, -1, 12), pageAt(list, 7, 12)]).toEqual([
    [0, 1],
    [4, 7],
  ]);
  // one that stands for more than there is room for is a page by itself
  expect(pageAt([moment(1), thinned(9, 99, 2), moment(10)], 1, 12)).toEqual([1, 2]);
  expect([pageAt([], 0, 12), pageAt(three, 1, 12)]).toEqual([
    [0, 0],
    [0, 3],
  ]);
});

test('the nearest are wanted first, and none that is not there', () => {
  expect(neighboursOf(three, 1, 2)).toEqual([second(10), second(30)]);
  expect(neighboursOf(three, 3, 2)).toEqual([second(30), second(20)]);
  expect(neighboursOf([], 0, 2)).toEqual([]);
});

test('dates keep their distance, from each other and from now', () => {
  const many = Array.from({ length: 10 }, (_, day) => moment(day * 86_400));
  const marks = dateMarks(many, 25, (at) => String(at.getUTCDate()));
  expect(marks).toEqual([
    { left: 0, text: '12' },
    { left: 30, text: '15' },
    { left: 60, text: '18' },
  ]);
  expect(dateMarks(three, 10, () => 'May')).toEqual([{ left: 0, text: 'May' }]);
  expect(dateMarks([], 10, String)).toEqual([]);
});

test.each([1, 2, 499, 998, 999])('a change at moment %d is found in few looks', async (changed) => {
  let looks = 0;
  const isAsItWas = (place: number) => {
    looks++;
    return Promise.resolve(place < changed);
  };
  expect(await findChange(0, 999, isAsItWas)).toBe(changed);
  expect(looks).toBeLessThan(11);
});
