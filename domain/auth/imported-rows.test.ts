import { describe, expect, test } from 'vitest';
import { importedFactor, ImportFault, importedIdentity, ImportSkip, importedUser } from './imported-rows.ts';

const ID = '0A0a0a0a-0000-4000-8000-000000000001';
const bcrypt = '$2a$10$abcdefghijklmnopqrstuuZ5bJwqH0jzM9cYc9m3QK3hYq4C1m5S2';
const user = {
  id: ID,
  aud: 'authenticated',
  role: 'authenticated',
  email: 'Ann@Example.com',
  encrypted_password: bcrypt,
  email_confirmed_at: '2024-01-02 03:04:05.123456+00',
  raw_app_meta_data: '{"provider": "email", "providers": ["email"]}',
  raw_user_meta_data: '{"full_name": "Ann"}',
  created_at: '2024-01-02 03:04:05+00',
  updated_at: null,
  phone: null,
  is_sso_user: 'f',
  is_anonymous: 'f',
};

describe('a user', () => {
  test('is as in the dump, hash and all', () => {
    expect(importedUser(user)).toMatchObject({
      id: ID.toLowerCase(),
      email: 'ann@example.com',
      passwordHash: bcrypt,
      emailConfirmedAt: new Date('2024-01-02T03:04:05.123Z'),
      createdAt: new Date('2024-01-02T03:04:05Z'),
      updatedAt: new Date('2024-01-02T03:04:05Z'),
      appMetadata: { provider: 'email', providers: ['email'] },
      userMetadata: { full_name: 'Ann' },
      isAnonymous: false,
    });
  });

  test('may lack much', () => {
    const bare = importedUser({ id: ID });
    expect(bare).toMatchObject({ email: null, passwordHash: null, role: 'authenticated', appMetadata: {} });
    const odd = { ...user, encrypted_password: '', role: '', raw_user_meta_data: 'null', is_anonymous: 't' };
    expect(importedUser(odd)).toMatchObject({ passwordHash: null, role: 'authenticated', isAnonymous: true });
  });

  test('who was deleted keeps what stands for their address', () => {
    const gone = { ...user, email: 'b1946ac9', deleted_at: user.created_at };
    expect(importedUser(gone)).toMatchObject({
      email: 'b1946ac9',
      deletedAt: new Date('2024-01-02T03:04:05Z'),
    });
  });

  test.each([
    [{ id: '7' }, 'id is no UUID'],
    [{ email: 'ann' }, 'email is no address'],
    [{ encrypted_password: 'md5:abc' }, 'encrypted_password is of no kind'],
    [{ created_at: 'yesterday' }, 'created_at is no time'],
    [{ raw_user_meta_data: '{"a":' }, 'raw_user_meta_data is no JSON object'],
    [{ raw_app_meta_data: '[]' }, 'raw_app_meta_data is no JSON object'],
  ])('with %j is refused, without a word of what stands there', (change, message) => {
    const read = () => importedUser({ ...user, ...change });
    expect(read).toThrow(ImportFault);
    expect(read).toThrow(message);
  });

  test('of single sign-on is left out', () => {
    expect(() => importedUser({ ...user, is_sso_user: 't' })).toThrow(ImportSkip);
  });
});

describe('an identity', () => {
  const identity = { id: ID, provider_id: ID, user_id: ID, provider: 'email', identity_data: '{"sub": "1"}' };

  test('is as in the dump', () => {
    expect(importedIdentity(identity, String)).toMatchObject({
      id: ID.toLowerCase(),
      userId: ID.toLowerCase(),
      providerId: ID,
      data: { sub: '1' },
    });
  });

  test('of an old table gets an id, always the same', () => {
    const { provider_id: _, ...old } = { ...identity, id: '1234', provider: 'github' };
    expect(importedIdentity(old, (text) => `for ${text}`)).toMatchObject({
      id: 'for github 1234',
      providerId: '1234',
    });
  });

  test('of nowhere is refused', () => {
    expect(() => importedIdentity({ ...identity, provider: null }, String)).toThrow(ImportFault);
  });
});

describe('a second factor', () => {
  const factor = {
    id: ID,
    user_id: ID,
    factor_type: 'totp',
    status: 'verified',
    created_at: user.created_at,
    secret: 'GEZDGNBV',
  };

  test('is as in the dump', () => {
    expect(importedFactor(factor)).toMatchObject({ type: 'totp', status: 'verified', secret: 'GEZDGNBV' });
  });

  test('that is sealed is refused: its owner would be locked out, or let in without it', () => {
    expect(() => importedFactor({ ...factor, secret: '{"key_id":"a","alg":"aes"}' })).toThrow(ImportFault);
  });

  test('that is a security key comes with its public key, or not at all', () => {
    const web_authn_credential = '{"id": "AA==", "publicKey": "AQ=="}';
    const key = { ...factor, factor_type: 'webauthn', secret: null };
    expect(importedFactor({ ...key, web_authn_credential })).toMatchObject({
      type: 'webauthn',
      secret: null,
      credential: { id: 'AA==', publicKey: 'AQ==' },
    });
    expect(() => importedFactor({ ...key, web_authn_credential: null })).toThrow(ImportFault);
  });

  test('of another type, or never used, is left out', () => {
    expect(() => importedFactor({ ...factor, status: 'unverified' })).toThrow(ImportSkip);
    expect(() => importedFactor({ ...factor, factor_type: 'phone' })).toThrow(ImportSkip);
  });
});
