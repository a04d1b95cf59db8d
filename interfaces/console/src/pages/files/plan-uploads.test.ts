import { expect, test } from 'vitest';
import { planUploads } from './plan-uploads.ts';

const local = (path: string) => ({ path, file: new File([], path) });

test('files go below the folder, with those that they were in', () => {
  const { uploads, renamed } = planUploads('b', 'a/', [local('x.txt'), local('d/y.txt')]);
  expect(uploads.map(({ path }) => path)).toEqual(['a/x.txt', 'a/d/y.txt']);
  expect([renamed, uploads.every(({ replaces }) => !replaces)]).toEqual([0, true]);
});

test('names that the storage does not take are changed, and two never become one', () => {
  const { uploads, renamed } = planUploads('b', '', [local('ä.txt'), local('a.txt'), local('à.txt')]);
  expect(uploads.map(({ path }) => path)).toEqual(['a.txt', 'a (2).txt', 'a (3).txt']);
  expect(renamed).toBe(3);
});
