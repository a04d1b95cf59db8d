import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { OPERATOR_TOKENS_STREAM } from '../../domain/operator/operator-tokens.ts';
import { OPERATOR_USE_STREAM } from '../../domain/operator/operator-use.ts';
import { JoseTokens } from '../../infrastructure/crypto/jose-tokens.ts';
import { METADATA, makeHarness } from '../testing/project-harness.ts';
import { readOrEmpty } from '../handle.ts';
import { KnownOperators } from './known-operators.ts';
import { beginOperatorSession, endOperatorSession, OPERATOR_SESSION_S } from './operator-sessions.ts';
import { firstOperatorToken, issueOperatorToken, revokeOperatorToken } from './operator-tokens.ts';
import { RecordedReads } from './record-use.ts';

function make() {
  const harness = makeHarness();
  const tokens = new JoseTokens(randomBytes(32), harness.clock);
  const dependencies = { ...harness, tokens };
  return { ...dependencies, dependencies, known: new KnownOperators(dependencies) };
}

const given = { name: 'a program', scopes: ['read'] } as const;

test('of many that start for the first time at once one gets the token', async () => {
  const { dependencies, known } = make();
  const made = await Promise.all([1, 2, 3, 4].map(() => firstOperatorToken(dependencies, METADATA)));
  const shown = made.filter((one) => one !== undefined);
  expect(shown).toHaveLength(1);
  expect(await known.ofToken(shown[0]?.token ?? '')).toMatchObject({ tokenId: shown[0]?.tokenId });
  expect(await firstOperatorToken(dependencies, METADATA)).toBeUndefined();
});

test('a token is known at once, whoever made it, and is nobody’s once it is revoked; the log has no secret', async () => {
  const { dependencies, known, store } = make();
  const one = await issueOperatorToken(dependencies, given, METADATA);
  const two = await issueOperatorToken(dependencies, given, METADATA);
  const found = await Promise.all([known.ofToken(one.token), known.ofToken(two.token)]);
  expect(found.map((token) => token?.tokenId)).toEqual([one.tokenId, two.tokenId]);
  for (const wrong of [
    '',
    one.token.slice(0, -1),
    `${one.token}x`,
    one.token.slice(4),
    'ldo_'.padEnd(1e6, 'x'),
  ])
    expect(await known.ofToken(wrong)).toBeUndefined();
  await revokeOperatorToken(dependencies, one.tokenId, METADATA);
  expect(await known.ofToken(one.token)).toBeUndefined();
  expect(await known.ofToken(two.token)).toMatchObject({ tokenId: two.tokenId });
  const log = JSON.stringify((await store.readStream(OPERATOR_TOKENS_STREAM)).map(({ data }) => data));
  expect(log).not.toContain(one.token.slice(4, 20));
});

test('a session is good for twelve hours, until it is ended, or its token is revoked', async () => {
  const { dependencies, known, clock } = make();
  const { tokenId, token } = await issueOperatorToken(dependencies, given, METADATA);
  const begin = () => beginOperatorSession(dependencies, tokenId, METADATA);
  const [one, two] = [await begin(), await begin()];
  const now = clock.now();
  const later = (seconds: number) => new Date(now.getTime() + seconds * 1000);
  expect(await known.ofSession(one, now)).toMatchObject({ tokenId });
  expect(await known.ofSession(one, later(OPERATOR_SESSION_S - 60))).toMatchObject({ tokenId });
  expect(await known.ofSession(one, later(OPERATOR_SESSION_S + 60))).toBeUndefined();
  // neither stands in for the other
  expect([await known.ofSession(token, now), await known.ofToken(one)]).toEqual([undefined, undefined]);
  await endOperatorSession(dependencies, one, METADATA);
  await endOperatorSession(dependencies, one, METADATA);
  expect(await known.ofSession(one, now)).toBeUndefined();
  expect(await known.ofSession(two, now)).toMatchObject({ tokenId });
  await revokeOperatorToken(dependencies, tokenId, METADATA);
  expect(await known.ofSession(two, now)).toBeUndefined();
});

test('reading is recorded once for each token and hour, by all processes together', async () => {
  const { dependencies, store } = make();
  let now = new Date('2026-01-01T10:10:00Z');
  const at = { ...dependencies, clock: { now: () => now } };
  const [one, other] = [new RecordedReads(at), new RecordedReads(at)];
  for (const reads of [one, one, other, one])
    await Promise.all([
      reads.read('opt_a', METADATA),
      reads.read('opt_b', { ...METADATA, reason: 'another' }),
    ]);
  const count = async () => (await readOrEmpty(store, OPERATOR_USE_STREAM)).length;
  expect(await count()).toBe(2);
  now = new Date('2026-01-01T11:00:00Z');
  await one.read('opt_a', METADATA);
  expect(await count()).toBe(3);
});
