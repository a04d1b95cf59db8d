import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';
import { expect, test } from 'vitest';
import { tokensContract } from '../../application/ports/tokens.contract.ts';
import { SystemClock } from '../process/system-clock.ts';
import { JoseTokens } from './jose-tokens.ts';

tokensContract('jose', (clock) => new JoseTokens(randomBytes(32), clock));

const OWNER = 'own_0123456789abcdef';
const key = randomBytes(64);
const tokens = new JoseTokens(key, new SystemClock());
const now = Math.floor(Date.now() / 1000);
const good: JWTPayload = { sub: OWNER, iss: 'launchdb', aud: 'launchdb-platform', iat: now, exp: now + 60 };
const signed = (payload: JWTPayload, alg = 'HS256') =>
  new SignJWT(payload).setProtectedHeader({ alg }).sign(key);

test('a token of exactly our kind is good', async () => {
  expect(await tokens.ownerOfAccessToken(await signed(good))).toMatchObject({ ownerId: OWNER });
});

test.each([
  ['another issuer', { ...good, iss: 'somebody' }],
  ['another audience', { ...good, aud: 'proj_0123456789abcdef' }],
  ['no audience', { ...good, aud: undefined }],
  ['no expiry', { ...good, exp: undefined }],
  ['expired', { ...good, exp: now - 1 }],
  ['not yet', { ...good, nbf: now + 600 }],
  ['no subject', { ...good, sub: undefined }],
  ['no time of issue', { ...good, iat: undefined }],
])('%s names nobody', async (_, payload) => {
  const { ...given } = JSON.parse(JSON.stringify(payload)) as JWTPayload;
  expect(await tokens.ownerOfAccessToken(await signed(given))).toBeUndefined();
});

test('another algorithm names nobody, with the right key too', async () => {
  expect(await tokens.ownerOfAccessToken(await signed(good, 'HS512'))).toBeUndefined();
  expect(await tokens.ownerOfAccessToken(new UnsecuredJWT(good).encode())).toBeUndefined();
  const { privateKey } = generateKeyPairSync('ed25519');
  const foreign = await new SignJWT(good).setProtectedHeader({ alg: 'EdDSA' }).sign(privateKey);
  expect(await tokens.ownerOfAccessToken(foreign)).toBeUndefined();
});

test('a short key is refused', () => {
  expect(() => new JoseTokens(randomBytes(31), new SystemClock())).toThrow('32 bytes');
});
