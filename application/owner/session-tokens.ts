import type { Clock } from '../ports/clock.ts';
import type { SecretToken, Tokens } from '../ports/tokens.ts';

export interface SessionTokens {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
  readonly refreshToken: string;
}

/** of a refresh token, and of a browser's session however much it is used */
const LIFETIME_MS = 30 * 24 * 3600 * 1000;

export function sessionExpiry(clock: Clock): { now: Date; expiresAt: Date } {
  const now = clock.now();
  return { now, expiresAt: new Date(now.getTime() + LIFETIME_MS) };
}

export async function sessionTokens(
  tokens: Tokens,
  ownerId: string,
  refresh: SecretToken,
): Promise<SessionTokens> {
  const { token, expiresInSeconds } = await tokens.issueAccessToken(ownerId);
  return { accessToken: token, expiresInSeconds, refreshToken: refresh.token };
}
