/** What an access token says, and what an owner's hook may make of it. */
import { AUTH_RANGES } from './auth-settings-rules.ts';
import type { AssuranceLevel, JsonObject, ProvedMethod } from './user.ts';

export interface UserClaims {
  readonly issuer: string;
  readonly userId: string;
  readonly aud: string;
  readonly role: string;
  readonly email: string;
  readonly phone: string;
  readonly appMetadata: JsonObject;
  readonly userMetadata: JsonObject;
  readonly aal: AssuranceLevel;
  /** newest first */
  readonly methods: readonly ProvedMethod[];
  readonly sessionId: string;
  readonly isAnonymous: boolean;
  /** whole seconds since 1970, as in `iat` and `exp` */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** As they stand in the token. */
export interface TokenClaims extends JsonObject {
  readonly iat: number;
  readonly exp: number;
}

export const claimsOf = (claims: UserClaims): TokenClaims => ({
  iss: claims.issuer,
  sub: claims.userId,
  aud: claims.aud,
  exp: claims.expiresAt,
  iat: claims.issuedAt,
  email: claims.email,
  phone: claims.phone,
  app_metadata: claims.appMetadata,
  user_metadata: claims.userMetadata,
  role: claims.role,
  aal: claims.aal,
  amr: claims.methods.map(({ method, at }) => ({ method, timestamp: Math.floor(at.getTime() / 1000) })),
  session_id: claims.sessionId,
  is_anonymous: claims.isAnonymous,
});

type Kind = (value: unknown) => boolean;
const isText: Kind = (value) => typeof value === 'string';
const isTime: Kind = Number.isSafeInteger;
const isObject: Kind = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);
const areAll =
  (kind: Kind): Kind =>
  (value) =>
    Array.isArray(value) && value.every(kind);

const REQUIRED: Readonly<Record<string, Kind>> = {
  iss: isText,
  aud: (value) => isText(value) || areAll(isText)(value),
  exp: isTime,
  iat: isTime,
  sub: isText,
  role: isText,
  aal: isText,
  session_id: isText,
  email: isText,
  phone: isText,
  is_anonymous: (value) => typeof value === 'boolean',
};
const OPTIONAL: Readonly<Record<string, Kind>> = {
  app_metadata: isObject,
  user_metadata: isObject,
  amr: areAll(isObject),
  nbf: isTime,
  jti: isText,
};

/** A third more when they are encoded: the headers of a request, 40 KiB at the gateway, hold them and what else there is. */
const MOST_BYTES = 24 * 1024;
const [, LONGEST_LIFE] = AUTH_RANGES.accessTokenSeconds;

/** Of a hook's claims those that are missing, of another kind than they were, or out of range. */
export const claimFaults = (claims: JsonObject): readonly string[] => [
  ...Object.entries(REQUIRED).flatMap(([name, kind]) => (kind(claims[name]) ? [] : [name])),
  ...Object.entries(OPTIONAL).flatMap(([name, kind]) =>
    claims[name] === undefined || kind(claims[name]) ? [] : [name],
  ),
  ...(isLifetime(claims) ? [] : ['exp']),
];

function isLifetime({ iat, exp }: JsonObject): boolean {
  if (typeof iat !== 'number' || typeof exp !== 'number') return true;
  return exp > iat && exp - iat <= LONGEST_LIFE;
}

export const areTooLarge = (claims: JsonObject): boolean =>
  new TextEncoder().encode(JSON.stringify(claims)).length > MOST_BYTES;
