import { describe, expect, test } from 'vitest';
import { copyFields, copyTarget, copyTime } from './copy-text.ts';

test.each([
  'COPY auth.users (instance_id, id, email) FROM stdin;',
  'COPY "auth"."users" ("instance_id", "id", "email") FROM stdin;',
])('%s says what follows', (line) => {
  expect(copyTarget(line)).toEqual({ table: 'auth.users', columns: ['instance_id', 'id', 'email'] });
});

test.each(['', '-- COPY', 'INSERT INTO auth.users (id) VALUES (1);', ' COPY auth.users (id) FROM stdin;'])(
  '%j does not',
  (line) => {
    expect(copyTarget(line)).toBeUndefined();
  },
);

describe('fields', () => {
  test('are what was in them', () => {
    expect(copyFields('a\t\\N\t\t{"a": "x\\\\n\\\\ty"}\tl1\\nl2\\tt\\\\\\r')).toEqual([
      'a',
      null,
      '',
      '{"a": "x\\n\\ty"}',
      'l1\nl2\tt\\\r',
    ]);
    // what looks like NULL, and is a text
    expect(copyFields('\\\\N')).toEqual(['\\N']);
    expect(copyFields('\\x41\\101\\q')).toEqual(['AAq']);
    expect(copyFields('ein \u2028 Zeichen')).toEqual(['ein \u2028 Zeichen']);
  });
});

test.each([
  ['2024-01-02 03:04:05.123456+00', '2024-01-02T03:04:05.123Z'],
  ['2024-01-02 03:04:05+00', '2024-01-02T03:04:05.000Z'],
  ['2024-01-02 03:04:05.1+05:30', '2024-01-01T21:34:05.100Z'],
  ['2024-01-02 03:04:05-08', '2024-01-02T11:04:05.000Z'],
  ['2024-01-02 03:04:05', '2024-01-02T03:04:05.000Z'],
  ['infinity', '9999-12-31T23:59:59.999Z'],
])('%s is a time', (text, iso) => {
  expect(copyTime(text)?.toISOString()).toBe(iso);
});

test.each([
  '',
  'now',
  '2024-13-02 03:04:05+00',
  '2024-01-02',
  '02.01.2024 03:04:05',
  '-infinity',
  '2024-01-02T03:04:05Z',
])('%j is none', (text) => {
  expect(copyTime(text)).toBeUndefined();
});
