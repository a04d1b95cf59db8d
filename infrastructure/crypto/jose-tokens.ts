import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import type { Clock } from '../../application/ports/clock.ts';
import {
  INVITE_PREFIX,
  OPERATOR_TOKEN_PREFIX,
  PERSONAL_TOKEN_PREFIX,
  type AccessToken,
  type SecretToken,
  type Tokens,
} from '../../application/ports/tokens.ts';

const ALGORITHM = 'HS256';
const ISSUER = 'launchdb';
const AUDIENCE = 'launchdb-platform';
const LIFETIME_SECONDS = 15 * 60;
const MAX_TOKEN_LENGTH = 2_048;

/**
 * HS256 with one pinned key: only the platform itself issues and reads these tokens. The key is derived from
 * the master key for this purpose alone.
 */
export class JoseTokens implements Tokens {
  readonly #key: Uint8Array;
  readonly #clock: Clock;

  /** @throws {TypeError} when the key has fewer than 32 bytes */
  constructor(key: Uint8Array, clock: Clock) {
    if (key.length < 32) throw new TypeError('the key of access tokens needs 32 bytes');
    this.#key = key;
    this.#clock = clock;
  }

  async issueAccessToken(ownerId: string): Promise<AccessToken> {
    const now = Math.floor(this.#clock.now().getTime() / 1000);
    const token = await new SignJWT()
      .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
      .setSubject(ownerId)
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setIssuedAt(now)
      .setExpirationTime(now + LIFETIME_SECONDS)
      .sign(this.#key);
    return { token, expiresInSeconds: LIFETIME_SECONDS };
  }

  async ownerOfAccessToken(token: string) {
    if (token.length > MAX_TOKEN_LENGTH) return undefined;
    try {
      const { payload } = await jwtVerify(token, this.#key, {
        algorithms: [ALGORITHM],
        issuer: ISSUER,
        audience: AUDIENCE,
        currentDate: this.#clock.now(),
        requiredClaims: ['sub', 'iat', 'exp'],
      });
      const { sub: ownerId = '', exp = 0 } = payload;
      return { ownerId, expiresAt: new Date(exp * 1000) };
    } catch {
      // why it is no good is of use only to whoever forges one
      return undefined;
    }
  }

  issueSessionToken(): SecretToken {
    return this.#secret('');
  }

  issuePersonalToken(): SecretToken {
    return this.#secret(PERSONAL_TOKEN_PREFIX);
  }

  issueInvite(): SecretToken {
    return this.#secret(INVITE_PREFIX);
  }

  issueOperatorToken(): SecretToken {
    return this.#secret(OPERATOR_TOKEN_PREFIX);
  }

  #secret(prefix: string): SecretToken {
    const token = prefix + randomBytes(32).toString('base64url');
    return { token, hash: this.hash(token) };
  }

  hash(token: string): string {
    return createHash('sha256').update(token).digest('hex');
  }

  isSameHash(one: string, other: string): boolean {
    const [a, b] = [Buffer.from(one), Buffer.from(other)];
    return a.length === b.length && timingSafeEqual(a, b);
  }
}
