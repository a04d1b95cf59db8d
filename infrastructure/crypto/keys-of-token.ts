import { decodeProtectedHeader } from 'jose';
import type { VerifyingKeys } from '../../application/ports/secrets.ts';
import type { PublicKey } from '../../domain/project/public-key.ts';

/** what PostgREST takes of a secret */
const OF_SECRETS = ['HS256', 'HS384', 'HS512'];
/** and its tolerance */
export const CLOCK_TOLERANCE_SECONDS = 30;

export interface TokenKey {
  readonly key: Uint8Array | PublicKey;
  readonly algorithms: string[];
}

/**
 * Which of a project's keys a token may be signed by: the one that it names, for that key's algorithm alone, or the
 * secrets. So nobody can take a public key for a secret, and whatever key a token brings along is not looked at.
 */
export function keysOfToken(token: string, { jwtSecrets, publicKeys }: VerifyingKeys): readonly TokenKey[] {
  const kid = publicKeys.length > 0 ? kidOf(token) : undefined;
  const named = publicKeys.find((key) => key.kid === kid);
  if (named) return [{ key: named, algorithms: [named.alg] }];
  return jwtSecrets.map((secret) => ({ key: new TextEncoder().encode(secret), algorithms: OF_SECRETS }));
}

function kidOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).kid;
  } catch {
    return undefined;
  }
}
