import { expect, test } from 'vitest';
import { previewOf } from './file-kinds.ts';

test.each([
  ['image/png', 10, 'picture'],
  ['IMAGE/JPEG; q=1', 10, 'picture'],
  ['image/png', 26 * 1024 * 1024, 'none'],
  ['image/svg+xml', 10, 'text'],
  ['text/html', 10, 'text'],
  ['application/json; charset=utf-8', 10, 'text'],
  ['application/ld+json', 10, 'text'],
  ['text/plain', 512 * 1024 + 1, 'none'],
  ['text/plain', null, 'none'],
  ['application/pdf', 10, 'none'],
  ['video/mp4', 10, 'none'],
  [null, 10, 'none'],
] as const)('%j of %j bytes is shown as %s', (type, size, preview) => {
  expect(previewOf(type, size)).toBe(preview);
});
