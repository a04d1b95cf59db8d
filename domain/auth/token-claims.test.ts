import { expect, test } from 'vitest';
import { areTooLarge, claimFaults, claimsOf } from './token-claims.ts';

const claims = claimsOf({
  issuer: 'https://shop.example/auth/v1',
  userId: '99999999-2222-4333-8444-555555555555',
  aud: 'authenticated',
  role: 'authenticated',
  email: 'a@b.example',
  phone: '',
  appMetadata: {},
  userMetadata: {},
  aal: 'aal1',
  methods: [{ method: 'password', at: new Date(1_000) }],
  sessionId: '11111111-2222-4333-8444-555555555555',
  isAnonymous: false,
  issuedAt: 1_000,
  expiresAt: 4_600,
});

test('our own claims, and whatever a hook adds to them, are fine', () => {
  expect(claimFaults(claims)).toEqual([]);
  expect(claimFaults({ ...claims, aud: ['a', 'b'], nbf: 1, jti: 'x', tenant: { id: 1 } })).toEqual([]);
});

test.each([
  ['iss', 1],
  ['aud', ['a', 1]],
  ['exp', 4_600.5],
  ['iat', '1000'],
  ['sub', null],
  ['role', ['a']],
  ['aal', 2],
  ['session_id', 1],
  ['email', null],
  ['phone', 1],
  ['is_anonymous', 'false'],
])('%s has to be there, and of its kind', (name, other) => {
  expect(new Set(claimFaults({ ...claims, [name]: other }))).toEqual(new Set([name]));
  const { [name]: _, ...without } = claims;
  expect(new Set(claimFaults(without))).toEqual(new Set([name]));
});

test.each([
  ['app_metadata', 'x'],
  ['app_metadata', []],
  ['user_metadata', null],
  ['amr', ['password']],
  ['nbf', 'now'],
  ['jti', 1],
])('%s may be left out, but is not %j', (name, other) => {
  expect(claimFaults({ ...claims, [name]: other })).toEqual([name]);
  const { [name]: _, ...without } = claims;
  expect(claimFaults(without)).toEqual([]);
});

test('a token ends after it was issued, and within seven days', () => {
  const endsAfter = (seconds: number) => claimFaults({ ...claims, exp: claims.iat + seconds });
  expect([endsAfter(1), endsAfter(7 * 24 * 3600)]).toEqual([[], []]);
  expect([endsAfter(0), endsAfter(7 * 24 * 3600 + 1)]).toEqual([['exp'], ['exp']]);
});

test('all of them have 24 KiB, in bytes', () => {
  const room = 24 * 1024 - JSON.stringify({ ...claims, x: '' }).length;
  expect(areTooLarge({ ...claims, x: 'x'.repeat(room) })).toBe(false);
  expect(areTooLarge({ ...claims, x: 'x'.repeat(room + 1) })).toBe(true);
  expect(areTooLarge({ ...claims, x: 'ü'.repeat(room / 2 + 1) })).toBe(true);
});
