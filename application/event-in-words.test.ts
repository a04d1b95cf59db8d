import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { eventInWords } from './event-in-words.ts';

const folder = new URL('../infrastructure/event-store/codec/golden/', import.meta.url);
/** every event that was ever written; invites are nobody's */
const golden = readdirSync(folder)
  .filter((name) => !name.startsWith('Invite'))
  .map((name) => ({
    name,
    type: name.split('.')[0] ?? '',
    data: JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as unknown,
  }));

test.each(golden)('$name is told in words', ({ type, data }) => {
  const text = eventInWords({ type, data });
  expect(text).toContain(' ');
  expect(text).not.toMatch(/undefined|\[object|ciphertext|NaN/);
});

test('who saw the keys, and what ran', () => {
  expect(eventInWords({ type: 'ApiKeysRevealed', data: { with: 'connection' } })).toBe(
    'The API keys were shown, with the connection strings',
  );
  const ran = { statement: 'select', outcome: 'sqlstate 42P01', durationMs: 12 };
  expect(eventInWords({ type: 'SqlExecuted', data: ran })).toBe(
    'SQL was run: select (sqlstate 42P01, 12 ms)',
  );
  const token = { name: 'ci', scopes: ['read'], projectId: null, expiresAt: null };
  expect(eventInWords({ type: 'TokenIssued', data: token })).toBe(
    'The personal token "ci" was made (read; does not expire)',
  );
});

test.each([
  ['DatabaseUsersCreated', {}],
  ['TokenIssued', null],
  ['Nothing', {}],
  ['__proto__', {}],
])('%s that cannot be told is its type', (type, data) => {
  expect(eventInWords({ type, data })).toBe(type);
});
