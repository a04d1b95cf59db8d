import { expect, test } from 'vitest';
import { linkOf } from './admin-endpoints.ts';

const listing = { total: 101, page: 1, perPage: 50, filter: '' };
const last = (page: number) => `</admin/users?page=${page}&per_page=50>; rel="last"`;

test('there is a link always, with the page first in it', () => {
  expect(linkOf(listing)).toBe(`</admin/users?page=2&per_page=50>; rel="next", ${last(3)}`);
  expect(linkOf({ ...listing, page: 3 })).toBe(last(3));
  expect(linkOf({ ...listing, total: 50 })).toBe(last(1));
  expect(linkOf({ ...listing, total: 0 })).toBe(last(1));
  expect(linkOf({ ...listing, page: 9 })).toBe(last(3));
});

test('a filter is in it, and cannot end it', () => {
  expect(linkOf({ ...listing, page: 3, filter: 'a&b>; rel="x", é=' })).toBe(
    '</admin/users?page=3&per_page=50&filter=a%26b%3E%3B%20rel%3D%22x%22%2C%20%C3%A9%3D>; rel="last"',
  );
});
