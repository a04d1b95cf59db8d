import { createPublicKey } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { projectId } from '../../domain/project/project-id.ts';
import { claimsOf, type TokenClaims, type UserClaims } from '../../domain/auth/token-claims.ts';
import type { SigningKey } from '../../domain/project/events.ts';
import { SIGNING_ALGORITHMS } from '../../domain/project/public-key.ts';
import type { SigningKeyVault } from './signing-keys.ts';
import type { ProjectKeys, UserTokens } from './user-tokens.ts';

const project = projectId('proj_0123456789abcdef');
const keysOf = (...jwtSecrets: string[]): ProjectKeys => ({
  project,
  jwtSecrets,
  publicKeys: [],
  signingKey: null,
});
const NEW = 'n'.repeat(40);
const OLD = 'o'.repeat(40);
const sessionId = '11111111-2222-4333-8444-555555555555';

/**
 * @param now of the adapter's clock
 * @param forge signs anything with HS256, `alg` and all
 * @param vault makes keys that the adapter can sign with
 */
export function userTokensContract(
  adapter: string,
  tokens: UserTokens,
  now: Date,
  forge: (header: object, payload: object, secret: string) => string,
  vault: SigningKeyVault,
): void {
  const withKey = (key: SigningKey, ...others: SigningKey[]): ProjectKeys => ({
    ...keysOf(NEW),
    publicKeys: [key, ...others].map(({ publicKey }) => publicKey),
    signingKey: vault.open(project, key),
  });
  const issuedAt = Math.floor(now.getTime() / 1000);
  const claims = (change: Partial<UserClaims> = {}): TokenClaims =>
    claimsOf({
      issuer: 'http://localhost:8080/project/proj_0123456789abcdef/auth/v1',
      userId: '99999999-2222-4333-8444-555555555555',
      aud: 'authenticated',
      role: 'authenticated',
      email: 'a@b.example',
      phone: '',
      appMetadata: { provider: 'email' },
      userMetadata: { name: 'Zoë' },
      aal: 'aal1',
      methods: [{ method: 'password', at: new Date(issuedAt * 1000 + 900) }],
      sessionId,
      isAnonymous: false,
      issuedAt,
      expiresAt: issuedAt + 3600,
      ...change,
    });
  const headerOf = (token: string) =>
    JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as unknown;
  const payloadOf = (token: string) =>
    JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as unknown;

  describe(`users' tokens: ${adapter}`, () => {
    test('an access token says what the contract wants, in whole seconds', async () => {
      const token = await tokens.sign(keysOf(NEW), claims());
      expect(payloadOf(token)).toEqual({
        iss: 'http://localhost:8080/project/proj_0123456789abcdef/auth/v1',
        sub: '99999999-2222-4333-8444-555555555555',
        aud: 'authenticated',
        exp: issuedAt + 3600,
        iat: issuedAt,
        email: 'a@b.example',
        phone: '',
        app_metadata: { provider: 'email' },
        user_metadata: { name: 'Zoë' },
        role: 'authenticated',
        aal: 'aal1',
        amr: [{ method: 'password', timestamp: issuedAt }],
        session_id: sessionId,
        is_anonymous: false,
      });
      expect(await tokens.read(keysOf(NEW), token)).toEqual({
        sub: '99999999-2222-4333-8444-555555555555',
        role: 'authenticated',
        sessionId,
        aal: 'aal1',
        claims: payloadOf(token),
      });
    });

    test('what policies read of a token is everything that it says', async () => {
      const payload = { sub: 'x', exp: issuedAt + 60, role: 'authenticated', team: { of: ['a', 1, null] } };
      const shown = await tokens.read(keysOf(NEW), forge({ alg: 'HS256' }, payload, NEW));
      expect(shown?.claims).toEqual(payload);
    });

    test('the first key signs; those before it are read for as long as they are given', async () => {
      const token = await tokens.sign(keysOf(OLD, NEW), claims());
      expect(await tokens.read(keysOf(NEW, OLD), token)).toBeDefined();
      expect(await tokens.read(keysOf(NEW), token)).toBeUndefined();
    });

    test('what is over, of another project, unsigned or signed otherwise is no token', async () => {
      const past = claims({ issuedAt: issuedAt - 7200, expiresAt: issuedAt - 3600 });
      const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from('{"sub":"x"}').toString('base64url')}.`;
      const payload = { sub: 'x', exp: issuedAt + 60 };
      const all = [
        await tokens.sign(keysOf(NEW), past),
        await tokens.sign(keysOf(OLD), claims()),
        unsigned,
        forge({ alg: 'none' }, payload, NEW),
        forge({ alg: 'RS256' }, payload, NEW),
        forge({ alg: 'HS256', jku: 'http://localhost/keys', kid: '../../x' }, payload, OLD),
        forge({ alg: 'HS256', jwk: { kty: 'oct', k: 'b28' } }, payload, OLD),
        '',
        'a.b.c',
        'x'.repeat(100_000),
      ];
      for (const token of all) expect(await tokens.read(keysOf(NEW), token)).toBeUndefined();
      expect(await tokens.read(keysOf(NEW), forge({ alg: 'HS256' }, payload, NEW))).toBeDefined();
      expect(await tokens.read(keysOf(), forge({ alg: 'HS256' }, payload, ''))).toBeUndefined();
    });

    test.each(SIGNING_ALGORITHMS)('a key of %s signs under its name; its public half checks', async (alg) => {
      const [key, next] = [await vault.make(project, alg), await vault.make(project, alg)];
      const keys = withKey(key);
      const token = await tokens.sign(keys, claims());
      expect(headerOf(token)).toEqual({ alg, typ: 'JWT', kid: key.publicKey.kid });
      expect(JSON.stringify(payloadOf(token))).not.toContain(keys.signingKey?.jwk['d']);
      expect(await tokens.read(keys, token)).toMatchObject({ sub: claims()['sub'], sessionId });
      const noLongerSigning = { ...withKey(next, key), signingKey: null };
      // while the overlap lasts, and no longer
      expect(await tokens.read(withKey(next, key), token)).toBeDefined();
      expect(await tokens.read(noLongerSigning, token)).toBeDefined();
      expect(await tokens.read(withKey(next), token)).toBeUndefined();
      expect(await tokens.read(keysOf(NEW), token)).toBeUndefined();
      // those of the secret, as API keys are
      expect(await tokens.read(keys, await tokens.sign(keysOf(NEW), claims()))).toBeDefined();
    });

    test('a public key is no secret, and a token has no say in what checks it', async () => {
      const [key, other, foreign] = [
        await vault.make(project, 'RS256'),
        await vault.make(project, 'ES256'),
        await vault.make(project, 'RS256'),
      ];
      const keys = withKey(key, other);
      const { kid } = key.publicKey;
      const payload = { sub: 'x', exp: issuedAt + 60 };
      const pem = createPublicKey({ format: 'jwk', key: key.publicKey as never });
      const forms = [
        JSON.stringify(key.publicKey),
        (key.publicKey as { n?: string }).n ?? '',
        pem.export({ format: 'pem', type: 'spki' }).toString(),
        pem.export({ format: 'der', type: 'spki' }).toString('latin1'),
        '',
      ];
      const [header, said, signature] = (await tokens.sign(keys, claims())).split('.');
      const as = (change: object) =>
        `${Buffer.from(JSON.stringify(change)).toString('base64url')}.${said}.${signature}`;
      const stranger = { ...withKey(foreign), signingKey: { ...vault.open(project, foreign), kid } };
      const jwk = foreign.publicKey;
      const all = [
        ...forms.flatMap((text) =>
          ['HS256', 'RS256', 'none'].map((alg) => forge({ alg, kid }, payload, text)),
        ),
        ...forms.map((text) => forge({ alg: 'HS256' }, payload, text)),
        // with the project's own secret, but under another's name
        forge({ alg: 'HS256', kid }, payload, NEW),
        as({ alg: 'RS256' }),
        as({ alg: 'RS512', kid }),
        as({ alg: 'PS256', kid }),
        as({ alg: 'ES256', kid: other.publicKey.kid }),
        as({ alg: 'RS256', kid: other.publicKey.kid }),
        as({ alg: 'none', kid }),
        as({ alg: 'RS256', kid: [kid] }),
        await tokens.sign(stranger, claims()),
        await tokens.sign(withKey(foreign), claims()),
        ...['jku', 'x5u'].map((name) => as({ alg: 'RS256', kid: 'x', [name]: 'http://localhost/keys' })),
        as({ alg: 'RS256', kid: jwk.kid, jwk }),
        as({ alg: 'RS256', kid, crit: ['exp'], exp: 1 }),
      ];
      for (const token of all) expect([token, await tokens.read(keys, token)]).toEqual([token, undefined]);
      expect(await tokens.read(keys, `${header}.${said}.${signature}`)).toBeDefined();
    });

    test('a refresh token names its session and place, and proves both', () => {
      const session = { id: sessionId, refreshTokenKey: Buffer.alloc(32, 7).toString('base64url') };
      for (const counter of [0, 1, 127, 128, 300, 2 ** 31, Number.MAX_SAFE_INTEGER % 2 ** 48]) {
        const token = tokens.refreshToken(session, counter);
        expect(token.length).toBeGreaterThanOrEqual(12);
        expect(tokens.readRefreshToken(token)).toEqual({ sessionId, counter });
        expect(tokens.isRefreshTokenOf(session, token)).toBe(true);
      }
    });

    test('one that was altered, or is of another session or key, proves nothing', () => {
      const session = { id: sessionId, refreshTokenKey: Buffer.alloc(32, 7).toString('base64url') };
      const token = tokens.refreshToken(session, 5);
      const other = { ...session, refreshTokenKey: Buffer.alloc(32, 8).toString('base64url') };
      const elsewhere = { ...session, id: '11111111-2222-4333-8444-555555555556' };
      expect(tokens.isRefreshTokenOf(other, token)).toBe(false);
      expect(tokens.isRefreshTokenOf(elsewhere, token)).toBe(false);
      for (let at = 0; at < token.length; at++) {
        const altered = token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
        expect(tokens.isRefreshTokenOf(session, altered)).toBe(false);
      }
      for (const text of [
        '',
        'short',
        'abcdefghijkl',
        `${token}A`,
        token.slice(1),
        'ü'.repeat(40),
        'a'.repeat(9999),
      ])
        expect(tokens.readRefreshToken(text)).toBeUndefined();
    });
  });
}
