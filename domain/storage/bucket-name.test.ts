import { expect, test } from 'vitest';
import { isBucketName } from './bucket-name.ts';

test.each(['a', 'avatars', 'my bucket (2)', 'x'.repeat(100), '...'])('a bucket may be called %j', (name) =>
  expect(isBucketName(name)).toBe(true),
);

test.each(['', ' a', 'a ', 'a/b', '.', '..', 'ä', 'a\0', 'a\n', 'a\\b', 'x'.repeat(101), 'a%2fb'])(
  'and not %j',
  (name) => expect(isBucketName(name)).toBe(false),
);
