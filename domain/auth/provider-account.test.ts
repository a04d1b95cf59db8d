import { expect, test } from 'vitest';
import { accountOf } from './provider-account.ts';

const of = (claims: Readonly<Record<string, unknown>>) => accountOf('acme', 'https://acme.example', claims);

test.each([
  [true, true],
  ['true', true],
  [false, false],
  ['false', false],
  ['TRUE ', false],
  [1, false],
  [null, false],
  [undefined, false],
])('email_verified %j is %j', (claim, expected) => {
  const account = of({ sub: '1', email: 'Ann@Example.com', email_verified: claim });
  expect(account).toMatchObject({ email: 'ann@example.com', emailVerified: expected });
  expect(account?.data['email_verified']).toBe(expected);
});

test('what is no address is none, and cannot be verified', () => {
  for (const email of [undefined, '', 'ann', 'ann@example.com\nbcc: x@example.com', 7, 'a'.repeat(3_000)])
    expect(of({ sub: '1', email, email_verified: true })).toMatchObject({
      email: null,
      emailVerified: false,
    });
});

test('without an id, or with one that no row can hold, it is nobody', () => {
  for (const sub of [undefined, null, '', 7, 'a\0b', '\ud800', 'a'.repeat(256)])
    expect(of({ sub })).toBeUndefined();
});

test('what is kept has the names that clients know, and nothing that was not asked for', () => {
  const claims = {
    sub: '1',
    name: 'Ann',
    picture: 'https://x/p',
    preferred_username: 'ann',
    role: 'admin',
    name2: {},
  };
  expect(of(claims)?.data).toEqual({
    iss: 'https://acme.example',
    sub: '1',
    provider_id: '1',
    email_verified: false,
    phone_verified: false,
    name: 'Ann',
    full_name: 'Ann',
    picture: 'https://x/p',
    avatar_url: 'https://x/p',
    preferred_username: 'ann',
    user_name: 'ann',
  });
  expect(of({ sub: '1', name: 'a\0b', picture: 7 })?.data).not.toHaveProperty('name');
});
