/**
 * Tokens of projects' users. An access token is a JWT as PostgREST takes it. A refresh token names its session and its
 * place in the session's chain, and proves both by the session's own key, so none is stored:
 * version (1 byte, 0), session (16), counter (LEB128), HMAC-SHA256 of these (first 16), CRC-32 of all before (4); base64url.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { jwtVerify, SignJWT, type JWTPayload } from 'jose';
import type { TokenClaims } from '../../domain/auth/token-claims.ts';
import type { Clock } from '../../application/ports/clock.ts';
import type { VerifyingKeys } from '../../application/ports/secrets.ts';
import type {
  ProjectKeys,
  RefreshTokenKey,
  RefreshTokenPlace,
  ShownToken,
  UserTokens,
} from '../../application/ports/user-tokens.ts';
import { CLOCK_TOLERANCE_SECONDS, keysOfToken, type TokenKey } from './keys-of-token.ts';

/** metadata travels in it; headers of a request are no longer than that anyway */
const MAX_TOKEN_LENGTH = 48 * 1024;

const VERSION = 0;
const SESSION_BYTES = 16;
const PROOF_BYTES = 16;
const CHECK_BYTES = 4;
const MAX_REFRESH_TOKEN_LENGTH = 80;
const MAX_COUNTER_BYTES = 7;

export class JoseUserTokens implements UserTokens {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async sign({ jwtSecrets: [secret = ''], signingKey }: ProjectKeys, claims: TokenClaims): Promise<string> {
    // clients of the secret's tokens ask us; those of a named key check by themselves
    const { jwk, ...header } = signingKey ?? { alg: 'HS256', jwk: new TextEncoder().encode(secret) };
    return new SignJWT({ ...claims }).setProtectedHeader({ ...header, typ: 'JWT' }).sign(jwk);
  }

  async read(keys: VerifyingKeys, token: string): Promise<ShownToken | undefined> {
    if (token.length > MAX_TOKEN_LENGTH) return undefined;
    for (const candidate of keysOfToken(token, keys)) {
      const payload = await this.#verified(token, candidate);
      if (payload) return shown(payload);
    }
    return undefined;
  }

  async #verified(token: string, { key, algorithms }: TokenKey): Promise<JWTPayload | undefined> {
    try {
      const options = { algorithms, clockTolerance: CLOCK_TOLERANCE_SECONDS };
      return (await jwtVerify(token, key, { ...options, currentDate: this.#clock.now() })).payload;
    } catch {
      // why it is no good is of use only to whoever forges one
      return undefined;
    }
  }

  refreshToken(session: RefreshTokenKey, counter: number): string {
    const said = Buffer.concat([
      Buffer.of(VERSION),
      Buffer.from(session.id.replaceAll('-', ''), 'hex'),
      Buffer.from(leb128(counter)),
    ]);
    const proved = Buffer.concat([said, proofOf(session, said)]);
    return Buffer.concat([proved, checkOf(proved)]).toString('base64url');
  }

  readRefreshToken(token: string): RefreshTokenPlace | undefined {
    const said = saidBy(token);
    if (!said) return undefined;
    const hex = said.subarray(1, 1 + SESSION_BYTES).toString('hex');
    const sessionId = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    const counter = fromLeb128(said.subarray(1 + SESSION_BYTES));
    return counter === undefined ? undefined : { sessionId, counter };
  }

  isRefreshTokenOf(session: RefreshTokenKey, token: string): boolean {
    const place = this.readRefreshToken(token);
    if (place?.sessionId !== session.id) return false;
    // both are of one length: it is the same counter in its one shortest form
    const [expected, given] = [Buffer.from(this.refreshToken(session, place.counter)), Buffer.from(token)];
    return expected.length === given.length && timingSafeEqual(expected, given);
  }
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const shown = (payload: JWTPayload): ShownToken => ({
  sub: text(payload.sub),
  role: text(payload['role']),
  sessionId: text(payload['session_id']),
  aal: text(payload['aal']),
  claims: payload,
});

const proofOf = ({ refreshTokenKey }: RefreshTokenKey, said: Uint8Array): Buffer =>
  createHmac('sha256', Buffer.from(refreshTokenKey, 'base64url'))
    .update(said)
    .digest()
    .subarray(0, PROOF_BYTES);

function checkOf(bytes: Uint8Array): Buffer {
  const check = Buffer.alloc(CHECK_BYTES);
  check.writeUInt32BE(crc32(bytes));
  return check;
}

/** What comes before the proof, of a text that is whole. */
function saidBy(token: string): Buffer | undefined {
  if (token.length > MAX_REFRESH_TOKEN_LENGTH || !/^[\w-]+$/.test(token)) return undefined;
  const bytes = Buffer.from(token, 'base64url');
  const proved = bytes.subarray(0, -CHECK_BYTES);
  const least = 1 + SESSION_BYTES + 1 + PROOF_BYTES;
  if (proved.length < least || bytes[0] !== VERSION) return undefined;
  if (!checkOf(proved).equals(bytes.subarray(-CHECK_BYTES))) return undefined;
  return proved.subarray(0, -PROOF_BYTES);
}

function leb128(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const more = rest > 0x7f;
    bytes.push((rest % 0x80) + (more ? 0x80 : 0));
    rest = Math.floor(rest / 0x80);
  } while (rest > 0);
  return bytes;
}

function fromLeb128(bytes: Uint8Array): number | undefined {
  if (bytes.length > MAX_COUNTER_BYTES || (bytes.at(-1) ?? 0x80) > 0x7f) return undefined;
  return bytes.reduceRight((sum, byte) => sum * 0x80 + (byte & 0x7f), 0);
}
