/** Tokens that were read before are not verified anew with each request: those of projects' users, and of owners. */
import type { Clock } from './ports/clock.ts';
import type { VerifyingKeys } from './ports/secrets.ts';
import type { Tokens } from './ports/tokens.ts';
import type { ShownToken, UserTokens } from './ports/user-tokens.ts';
import { KeptByUse } from './kept-by-use.ts';

const MOST_TOKENS = 2_000;
/** of all of them together */
const MOST_CHARACTERS = 4 * 1024 * 1024;

/**
 * What a token says is kept for as long as it is valid and the project's keys are the same object: a project that changed is
 * loaded anew, and its tokens are verified by the keys that it has then.
 */
export function knownTokens(tokens: Pick<UserTokens, 'read'>, clock: Clock): Pick<UserTokens, 'read'> {
  const known = new KeptByUse<{ readonly keys: VerifyingKeys; readonly shown: ShownToken }>(
    MOST_TOKENS,
    MOST_CHARACTERS,
  );
  return {
    async read(keys, token) {
      const one = known.get(token);
      if (one?.keys === keys && isValidAt(one.shown, clock.now())) return one.shown;
      const shown = await tokens.read(keys, token);
      if (shown) known.put(token, { keys, shown }, token.length);
      return shown;
    },
  };
}

/** Without the tolerance for clocks that differ: at the edges it is verified as if it were new. */
function isValidAt({ claims: { exp, nbf } }: ShownToken, now: Date): boolean {
  const seconds = now.getTime() / 1000;
  return typeof exp === 'number' && seconds < exp && (nbf === undefined || Number(nbf) <= seconds);
}

const MOST_ACCESS_TOKENS = 1_000;

/** An owner's access token, whose key is the platform's and never changes: what it says holds until it is over. */
export function knownAccessTokens(
  tokens: Pick<Tokens, 'ownerOfAccessToken'>,
  clock: Clock,
): Pick<Tokens, 'ownerOfAccessToken'> {
  const known = new KeptByUse<{ readonly ownerId: string; readonly expiresAt: Date }>(MOST_ACCESS_TOKENS);
  return {
    async ownerOfAccessToken(token) {
      const one = known.get(token);
      if (one && clock.now() < one.expiresAt) return one;
      const owner = await tokens.ownerOfAccessToken(token);
      if (owner) known.put(token, owner);
      return owner;
    },
  };
}
