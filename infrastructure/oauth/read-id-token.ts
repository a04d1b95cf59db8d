/** An ID token that an app shows, which it got from the provider itself. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import { ProviderRefused, type ShownIdToken } from '../../application/ports/sign-in-providers.ts';

export interface IdTokenRules {
  readonly keys: JWTVerifyGetKey;
  readonly issuers: readonly string[];
  readonly clientIds: readonly string[];
}

const LONGEST = 16 * 1024;
/** none by a key that both know: whoever reads the settings would be the provider */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/** @throws {ProviderRefused} */
export async function readIdToken(
  { idToken, accessToken, nonce }: ShownIdToken,
  { keys, issuers, clientIds }: IdTokenRules,
): Promise<JWTPayload> {
  if (idToken.length > LONGEST) throw new ProviderRefused('The ID token is too long.');
  const { payload, protectedHeader } = await jwtVerify(idToken, keys, {
    issuer: [...issuers],
    audience: [...clientIds],
    algorithms: ALGORITHMS,
    requiredClaims: ['exp', 'iat', 'sub'],
    clockTolerance: 10,
  });
  // made for several: for whom it was asked for counts
  const party = payload['azp'];
  if (Array.isArray(payload.aud) && payload.aud.length > 1 && !clientIds.includes(String(party)))
    throw new ProviderRefused('The ID token was made for somebody else.');
  requireNonce(payload['nonce'], nonce);
  if (accessToken !== undefined && typeof payload['at_hash'] === 'string')
    requireSame(
      payload['at_hash'],
      halfHash(protectedHeader.alg, accessToken),
      'The access token is of another ID token.',
    );
  return payload;
}

function requireNonce(claim: unknown, nonce: string | undefined): void {
  if ((claim === undefined) !== (nonce === undefined || nonce === ''))
    throw new ProviderRefused('Passed nonce and nonce in id_token should either both exist or not.');
  if (claim === undefined) return;
  requireSame(
    claim,
    createHash('sha256')
      .update(nonce ?? '')
      .digest('hex'),
    'Nonces mismatch',
  );
}

function requireSame(claim: unknown, expected: string, message: string): void {
  const [a, b] = [Buffer.from(String(claim)), Buffer.from(expected)];
  if (a.length !== b.length || !timingSafeEqual(a, b)) throw new ProviderRefused(message);
}

/** OpenID Connect Core, 3.1.3.6. */
function halfHash(alg: string, text: string): string {
  const size = /^(?:RS|PS|ES)(256|384)$/.exec(alg)?.[1] ?? '512';
  const hash = createHash(`sha${size}`).update(text).digest();
  return hash.subarray(0, hash.length / 2).toString('base64url');
}
