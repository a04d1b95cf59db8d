import { areTooLarge, claimFaults, type TokenClaims } from '../../domain/auth/token-claims.ts';
import type { AuthMethod, JsonObject } from '../../domain/auth/user.ts';
import { AuthError } from './auth-error.ts';
import type { HookedRows } from './hooked.ts';

/** What a token is issued for. */
export type IssuedFor = AuthMethod | 'token_refresh';

/** What the token says once the project's hook has had its say. @throws {AuthError} 500: the hook's claims break the rules */
export function customClaims(rows: HookedRows, claims: TokenClaims, method: IssuedFor): TokenClaims {
  const told = { user_id: claims['sub'], claims, authentication_method: method };
  // a hook may write to the user's metadata each time that it is asked: that is no reason to ask it again
  const { app_metadata: _, user_metadata: __, ...about } = claims;
  const answer = rows.hooks.to('customAccessToken', told, about);
  if (!answer) return claims;
  const custom = answer['claims'];
  if (typeof custom !== 'object' || custom === null || Array.isArray(custom))
    throw new AuthError(500, 'unexpected_failure', 'output claims field is missing');
  const faults = claimFaults(custom as JsonObject);
  if (faults.length > 0) {
    const named = faults.join(', ');
    throw new AuthError(
      500,
      'unexpected_failure',
      `output claims do not conform to the expected schema: ${named}`,
    );
  }
  if (areTooLarge(custom as JsonObject))
    throw new AuthError(500, 'hook_payload_over_size_limit', 'The claims of the hook are too large');
  return custom as TokenClaims;
}
