import { expect, test } from 'vitest';
import { dateMarks, findChange, neighboursOf, placeOf, withoutDoubles, type Moment } from './moments.ts';

const second = (at: number) => new Date(Date.UTC(2026, 4, 12, 0, 0, at)).toISOString();
const moment = (at: number, text = ''): Moment => ({
  at: second(at),
  position: String(at),
  type: 'ProjectRenamed',
  text,
  actor: { kind: 'owner', id: 'own_1' },
  stands_for: 1,
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
  expect(withoutDoubles(doubles).map(({ text }) => text)).toEqual(['b', 'c']);
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
