import type { Clock } from '../ports/clock.ts';
import type { SecretToken, Tokens } from '../ports/tokens.ts';

export interface SessionTokens {
  readonly accessToken: string;
  readonly expiresInSeconds: number;
  readonly refreshToken: string;
}

const REFRESH_LIFETIME_MS = 30 * 24 * 3600 * 1000;

export function refreshExpiry(clock: Clock): { now: Date; expiresAt: Date } {
  const now = clock.now();
  return { now, expiresAt: new Date(now.getTime() + REFRESH_LIFETIME_MS) };
}

export async function sessionTokens(
  tokens: Tokens,
  ownerId: string,
  refresh: SecretToken,
): Promise<SessionTokens> {
  const { token, expiresInSeconds } = await tokens.issueAccessToken(ownerId);
  return { accessToken: token, expiresInSeconds, refreshToken: refresh.token };
}
