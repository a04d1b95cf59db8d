/**
 * Who may use the operator's API: tokens, and the sessions that browsers begin with one. Hashes alone are here. The whole
 * set follows from one stream, so a token that is revoked is good for nothing from that event on.
 */
import type { Decider, Recorded } from '../decider.ts';
import { Rejection } from '../rejection.ts';

export const OPERATOR_TOKENS_STREAM = 'platform-operators';

/** `read` lets GET through, `write` everything else. */
export const OPERATOR_SCOPES = ['read', 'write'] as const;
export type OperatorScope = (typeof OPERATOR_SCOPES)[number];

export const MOST_OPERATOR_TOKENS = 50;

interface NamedToken {
  readonly tokenId: string;
  readonly name: string;
  readonly scopes: readonly OperatorScope[];
  readonly tokenHash: string;
}

export type OperatorTokenEvent =
  | { readonly type: 'OperatorTokenIssued'; readonly data: NamedToken }
  | { readonly type: 'OperatorTokenRevoked'; readonly data: { tokenId: string } }
  | {
      readonly type: 'OperatorSessionBegun';
      readonly data: { tokenId: string; sessionHash: string; until: string };
    }
  | { readonly type: 'OperatorSessionEnded'; readonly data: { tokenId: string; sessionHash: string } };

export interface OperatorToken extends NamedToken {
  readonly createdAt: Date;
}

export interface OperatorSession {
  readonly tokenId: string;
  readonly sessionHash: string;
  readonly until: Date;
}

export interface OperatorTokens {
  /** false: nobody ever had one */
  readonly begun: boolean;
  /** oldest first, without those that were revoked */
  readonly tokens: readonly OperatorToken[];
  /** of these tokens; some may be over */
  readonly sessions: readonly OperatorSession[];
}

export type OperatorTokenCommand =
  /** `first`: only if nobody ever had one */
  | ({ readonly kind: 'IssueOperatorToken'; readonly first: boolean } & NamedToken)
  | { readonly kind: 'RevokeOperatorToken'; readonly tokenId: string }
  | ({ readonly kind: 'BeginOperatorSession' } & OperatorSession)
  | { readonly kind: 'EndOperatorSession'; readonly sessionHash: string };

export const operatorTokensDecider: Decider<OperatorTokens, OperatorTokenCommand, OperatorTokenEvent> = {
  initial: { begun: false, tokens: [], sessions: [] },
  decide(command, state) {
    switch (command.kind) {
      case 'IssueOperatorToken':
        return issued(command, state);
      case 'RevokeOperatorToken': {
        const { tokenId } = command;
        requireToken(state, tokenId);
        return [{ type: 'OperatorTokenRevoked', data: { tokenId } }];
      }
      case 'BeginOperatorSession': {
        const { tokenId, sessionHash, until } = command;
        requireToken(state, tokenId);
        const data = { tokenId, sessionHash, until: until.toISOString() };
        return [{ type: 'OperatorSessionBegun', data }];
      }
      case 'EndOperatorSession': {
        const session = state.sessions.find(({ sessionHash }) => sessionHash === command.sessionHash);
        if (!session) return [];
        const { tokenId, sessionHash } = session;
        return [{ type: 'OperatorSessionEnded', data: { tokenId, sessionHash } }];
      }
    }
  },
  evolve: (state, event) => ({ ...state, begun: true, ...changes(state, event) }),
};

function issued(
  { first, tokenId, name, scopes, tokenHash }: Extract<OperatorTokenCommand, { kind: 'IssueOperatorToken' }>,
  { begun, tokens }: OperatorTokens,
): readonly OperatorTokenEvent[] {
  if (first && begun) return [];
  if (tokens.length >= MOST_OPERATOR_TOKENS)
    throw new Rejection(
      'operator/too-many-tokens',
      `There are ${MOST_OPERATOR_TOKENS} tokens of operators; revoke one that is not used.`,
    );
  return [{ type: 'OperatorTokenIssued', data: { tokenId, name, scopes, tokenHash } }];
}

function requireToken({ tokens }: OperatorTokens, tokenId: string): void {
  if (!tokens.some((one) => one.tokenId === tokenId))
    throw new Rejection('operator/token-not-found', 'There is no such token of an operator.');
}

function changes(
  { tokens, sessions }: OperatorTokens,
  event: Recorded<OperatorTokenEvent>,
): Partial<OperatorTokens> {
  switch (event.type) {
    case 'OperatorTokenIssued':
      return { tokens: [...tokens, { ...event.data, createdAt: event.recordedAt }] };
    case 'OperatorTokenRevoked': {
      const isOther = ({ tokenId }: { readonly tokenId: string }) => tokenId !== event.data.tokenId;
      return { tokens: tokens.filter(isOther), sessions: sessions.filter(isOther) };
    }
    case 'OperatorSessionBegun': {
      const { tokenId, sessionHash, until } = event.data;
      // those that are over are forgotten here, so that they do not add up
      const going = sessions.filter((one) => one.until > event.recordedAt);
      return { sessions: [...going, { tokenId, sessionHash, until: new Date(until) }] };
    }
    case 'OperatorSessionEnded':
      return { sessions: sessions.filter(({ sessionHash }) => sessionHash !== event.data.sessionHash) };
  }
}
