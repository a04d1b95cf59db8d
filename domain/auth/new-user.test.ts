import { expect, test } from 'vitest';
import {
  emailConfirmed,
  newUser,
  ownIdentity,
  phoneConfirmed,
  withoutProvider,
  withProvider,
} from './new-user.ts';

const now = new Date('2026-08-01T10:00:00Z');
const earlier = new Date('2026-07-01T10:00:00Z');

test('a new user is nobody yet, but for what is given', () => {
  expect(newUser('u-1', now, { email: 'ann@example.com', createdAt: earlier })).toMatchObject({
    id: 'u-1',
    email: 'ann@example.com',
    role: 'authenticated',
    aud: 'authenticated',
    passwordHash: null,
    createdAt: earlier,
    updatedAt: now,
  });
});

test('an address of their own makes them known by it', () => {
  const user = newUser('u-1', now, { email: 'ann@example.com', phone: '4917', emailConfirmedAt: now });
  expect(ownIdentity('i-1', 'email', user, now)).toMatchObject({
    id: 'i-1',
    userId: 'u-1',
    provider: 'email',
    providerId: 'u-1',
    data: { sub: 'u-1', email: 'ann@example.com', email_verified: true, phone_verified: false },
  });
  expect(ownIdentity('i-2', 'phone', user, now).data).toEqual({
    sub: 'u-1',
    phone: '4917',
    email_verified: false,
    phone_verified: false,
  });
});

test('the first provider is who they are known by, and each stands there once', () => {
  expect(withProvider({}, 'email')).toEqual({ provider: 'email', providers: ['email'] });
  const both = { provider: 'github', providers: ['github', 'email'], plan: 'gold' };
  expect(withProvider({ provider: 'github', providers: ['github'], plan: 'gold' }, 'email')).toEqual(both);
  expect(withProvider(both, 'email')).toEqual(both);
  expect(withProvider({ providers: 'odd' }, 'email')).toEqual({ provider: 'email', providers: ['email'] });
  expect(withoutProvider(both, 'github')).toEqual({ provider: 'email', providers: ['email'], plan: 'gold' });
  expect(withoutProvider(both, 'email')).toEqual({ provider: 'github', providers: ['github'], plan: 'gold' });
  expect(withoutProvider({ provider: 'email', providers: ['email'] }, 'email')).toEqual({ providers: [] });
});

test('who has an address is not anonymous; a time that stands there stays', () => {
  const user = newUser('u-1', now, { isAnonymous: true, userMetadata: { name: 'Ann' } });
  expect(emailConfirmed(user, now)).toEqual({
    emailConfirmedAt: now,
    userMetadata: { name: 'Ann', email_verified: true },
    isAnonymous: false,
  });
  expect(emailConfirmed({ ...user, emailConfirmedAt: earlier }, now).emailConfirmedAt).toBe(earlier);
  expect(phoneConfirmed(user, now)).toEqual({ phoneConfirmedAt: now, isAnonymous: false });
});
