import { expect, test } from 'vitest';
import { fold } from '../decider.ts';
import {
  MOST_OPERATOR_TOKENS,
  operatorTokensDecider as decider,
  type OperatorTokenCommand,
  type OperatorTokenEvent,
} from './operator-tokens.ts';

const NOW = new Date('2026-01-02T00:00:00Z');
const issued = (tokenId: string): OperatorTokenEvent => ({
  type: 'OperatorTokenIssued',
  data: { tokenId, name: tokenId, scopes: ['read'], tokenHash: `hash of ${tokenId}` },
});
const revoked = (tokenId: string): OperatorTokenEvent => ({
  type: 'OperatorTokenRevoked',
  data: { tokenId },
});
const begun = (tokenId: string, sessionHash: string, until = '2026-01-02T12:00:00.000Z') =>
  ({ type: 'OperatorSessionBegun', data: { tokenId, sessionHash, until } }) as const;

const state = (...given: readonly OperatorTokenEvent[]) =>
  fold(
    decider,
    given.map((event, revision) => ({ ...event, revision, recordedAt: NOW })),
  );
const when = (command: OperatorTokenCommand, ...given: readonly OperatorTokenEvent[]) =>
  decider.decide(command, state(...given)).map(({ type }) => type);
const issue = (tokenId: string, first = false) =>
  ({
    kind: 'IssueOperatorToken',
    first,
    tokenId,
    name: tokenId,
    scopes: ['read'],
    tokenHash: `hash of ${tokenId}`,
  }) as const;

test('the first token is made once, also after it was revoked', () => {
  expect(when(issue('a', true))).toEqual(['OperatorTokenIssued']);
  expect(when(issue('b', true), issued('a'))).toEqual([]);
  expect(when(issue('b', true), issued('a'), revoked('a'))).toEqual([]);
  expect(when(issue('b'), issued('a'))).toEqual(['OperatorTokenIssued']);
});

test('there are no more than so many at once', () => {
  const full = Array.from({ length: MOST_OPERATOR_TOKENS }, (_, at) => issued(`t${at}`));
  expect(() => when(issue('more'), ...full)).toThrow(
    expect.objectContaining({ code: 'operator/too-many-tokens' }),
  );
  expect(when(issue('more'), ...full, revoked('t7'))).toEqual(['OperatorTokenIssued']);
});

test('a revoked token is gone, with the sessions that it began, and cannot be revoked or used again', () => {
  const history = [issued('a'), issued('b'), begun('a', 's1'), begun('b', 's2'), revoked('a')];
  expect(state(...history).tokens.map(({ tokenId }) => tokenId)).toEqual(['b']);
  expect(state(...history).sessions.map(({ sessionHash }) => sessionHash)).toEqual(['s2']);
  const gone = expect.objectContaining({ code: 'operator/token-not-found' }) as Error;
  expect(() => when({ kind: 'RevokeOperatorToken', tokenId: 'a' }, ...history)).toThrow(gone);
  const session = { kind: 'BeginOperatorSession', tokenId: 'a', sessionHash: 's3', until: NOW } as const;
  expect(() => when(session, ...history)).toThrow(gone);
});

test('a session ends once; those that are over are forgotten when the next one begins', () => {
  const end = { kind: 'EndOperatorSession', sessionHash: 's1' } as const;
  expect(when(end, issued('a'), begun('a', 's1'))).toEqual(['OperatorSessionEnded']);
  expect(when(end, issued('a'))).toEqual([]);
  const over = begun('a', 'over', NOW.toISOString());
  expect(state(issued('a'), over, begun('a', 's1')).sessions.map(({ sessionHash }) => sessionHash)).toEqual([
    's1',
  ]);
});
