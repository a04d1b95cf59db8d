/** Proof Key for Code Exchange (RFC 7636): what a client may ask for. */
import type { Flow } from './user.ts';

export interface CodeChallenge {
  readonly challenge: string;
  readonly method: Flow['codeChallengeMethod'];
}

const FORM = /^[A-Za-z0-9._~-]{43,128}$/;

/** Said to whoever asked. */
export class InvalidChallenge extends Error {}

/**
 * @returns null: none was given, and a link brings a session by itself
 * @throws {InvalidChallenge}
 */
export function codeChallengeOf(
  challenge: string | null | undefined,
  method: string | null | undefined,
): CodeChallenge | null {
  if (!challenge && !method) return null;
  if (!challenge || !method)
    throw new InvalidChallenge('PKCE flow requires code_challenge_method and code_challenge');
  const kind = method.toLowerCase();
  if (kind !== 's256' && kind !== 'plain')
    throw new InvalidChallenge('code_challenge_method is s256 or plain');
  if (!FORM.test(challenge))
    throw new InvalidChallenge(
      'code challenge has to be between 43 and 128 characters of A-Z a-z 0-9 - . _ ~',
    );
  return { challenge, method: kind };
}
