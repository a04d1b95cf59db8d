import { describe, expect, test } from 'vitest';
import type { Clock } from './clock.ts';
import { INVITE_PREFIX, OPERATOR_TOKEN_PREFIX, PERSONAL_TOKEN_PREFIX, type Tokens } from './tokens.ts';

const OWNER = 'own_0123456789abcdef';

/** What every adapter of the port must do. `make` gives one with a key of its own. */
export function tokensContract(name: string, make: (clock: Clock) => Tokens): void {
  let now = new Date('2026-01-01T00:00:00Z');
  const clock: Clock = { now: () => now, elapsedMs: () => 0, sleep: () => Promise.resolve() };

  describe(`tokens: ${name}`, () => {
    const tokens = make(clock);

    test('an access token names its owner until it expires', async () => {
      const { token, expiresInSeconds } = await tokens.issueAccessToken(OWNER);
      expect(expiresInSeconds).toBe(900);
      const owner = { ownerId: OWNER, expiresAt: new Date(now.getTime() + 900_000) };
      expect(await tokens.ownerOfAccessToken(token)).toEqual(owner);
      const issued = now;
      now = new Date(issued.getTime() + 899_000);
      expect(await tokens.ownerOfAccessToken(token)).toEqual(owner);
      now = new Date(issued.getTime() + 901_000);
      expect(await tokens.ownerOfAccessToken(token)).toBeUndefined();
    });

    test('any other text names nobody', async () => {
      const { token } = await tokens.issueAccessToken(OWNER);
      const [header, , signature] = token.split('.');
      const other = Buffer.from(JSON.stringify({ sub: 'own_ffffffffffffffff' })).toString('base64url');
      const forged = ['', '.', '..', 'x', token.slice(1), `${token}.`, `${header}.${other}.${signature}`];
      for (const text of [...forged, 'x'.repeat(1e6), `${token}\0`]) {
        expect(await tokens.ownerOfAccessToken(text)).toBeUndefined();
      }
    });

    test('a token under another key names nobody', async () => {
      const { token } = await make(clock).issueAccessToken(OWNER);
      expect(await tokens.ownerOfAccessToken(token)).toBeUndefined();
    });

    test.each([
      ['tokens of sessions', () => tokens.issueSessionToken(), ''],
      ['personal tokens', () => tokens.issuePersonalToken(), PERSONAL_TOKEN_PREFIX],
      ['invites', () => tokens.issueInvite(), INVITE_PREFIX],
      ['tokens of operators', () => tokens.issueOperatorToken(), OPERATOR_TOKEN_PREFIX],
    ] as const)('%s are random, and known by their hash', (_, issue, prefix) => {
      const first = issue();
      const second = issue();
      expect(first.token).toMatch(new RegExp(`^${prefix}[\\w-]{43}$`));
      expect(first.token).not.toBe(second.token);
      expect(first.hash).toBe(tokens.hash(first.token));
      expect(first.hash).toMatch(/^[0-9a-f]{64}$/);
      expect(first.hash).not.toContain(first.token);
      expect(tokens.isSameHash(first.hash, tokens.hash(first.token))).toBe(true);
      for (const other of [second.hash, '', first.hash.slice(1)])
        expect(tokens.isSameHash(first.hash, other)).toBe(false);
    });
  });
}
