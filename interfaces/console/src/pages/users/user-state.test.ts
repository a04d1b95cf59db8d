import { expect, test } from 'vitest';
import { nameOfUser, stateOf } from './user-state.ts';

const now = new Date('2026-01-02T00:00:00Z');
const before = '2026-01-01T00:00:00Z';
const later = '2026-01-03T00:00:00Z';

test.each([
  ['confirmed', { confirmed_at: before, invited_at: before }],
  ['unconfirmed', {}],
  ['invited', { invited_at: before }],
  ['anonymous', { is_anonymous: true }],
  ['banned', { confirmed_at: before, banned_until: later }],
  ['confirmed', { confirmed_at: before, banned_until: before }],
  ['deleted', { deleted_at: before, banned_until: later }],
] as const)('%s: %j', (state, user) => {
  expect(stateOf({ is_anonymous: false, ...user }, now)).toBe(state);
});

test('a user is called by address, number or id', () => {
  expect(nameOfUser({ email: 'a@b.example', phone: '49', id: 'x' })).toBe('a@b.example');
  expect(nameOfUser({ email: '', phone: '4917', id: 'x' })).toBe('+4917');
  expect(nameOfUser({ email: '', phone: '', id: 'x' })).toBe('x');
});
