/** What a browser shows in a token's place. */
import {
  operatorTokensDecider,
  OPERATOR_TOKENS_STREAM,
  type OperatorTokenCommand,
} from '../../domain/operator/operator-tokens.ts';
import { handle } from '../handle.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventMetadata, EventStore } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';
import type { Tokens } from '../ports/tokens.ts';

export interface OperatorSessionDependencies {
  readonly store: EventStore;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly tokens: Tokens;
}

export const OPERATOR_SESSION_S = 12 * 3600;

/** @returns its secret: it is known at this moment only. @throws {Rejection} operator/token-not-found */
export async function beginOperatorSession(
  dependencies: OperatorSessionDependencies,
  tokenId: string,
  metadata: EventMetadata,
): Promise<string> {
  const { token: secret, hash: sessionHash } = dependencies.tokens.issueSessionToken();
  const until = new Date(dependencies.clock.now().getTime() + OPERATOR_SESSION_S * 1000);
  await tell(dependencies, { kind: 'BeginOperatorSession', tokenId, sessionHash, until }, metadata);
  return secret;
}

/** Also when it is over already. */
export async function endOperatorSession(
  dependencies: OperatorSessionDependencies,
  secret: string,
  metadata: EventMetadata,
): Promise<void> {
  const sessionHash = dependencies.tokens.hash(secret);
  await tell(dependencies, { kind: 'EndOperatorSession', sessionHash }, metadata);
}

const tell = (
  dependencies: OperatorSessionDependencies,
  command: OperatorTokenCommand,
  metadata: EventMetadata,
) => handle(dependencies, operatorTokensDecider, OPERATOR_TOKENS_STREAM, command, metadata);
