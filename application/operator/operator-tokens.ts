/** The operator's tokens: made, listed, revoked. */
import {
  operatorTokensDecider,
  OPERATOR_TOKENS_STREAM,
  type OperatorScope,
  type OperatorToken,
  type OperatorTokenCommand,
} from '../../domain/operator/operator-tokens.ts';
import { handle, type Handled } from '../handle.ts';
import type { EventMetadata, EventStore } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';
import type { Tokens } from '../ports/tokens.ts';
import type { OperatorTokens } from '../../domain/operator/operator-tokens.ts';
import type { KnownOperators } from './known-operators.ts';

export interface OperatorTokenDependencies {
  readonly store: EventStore;
  readonly ids: Ids;
  readonly tokens: Tokens;
}

export interface IssuedOperatorToken {
  readonly tokenId: string;
  /** it is known at this moment only */
  readonly token: string;
}

/** @throws {Rejection} operator/too-many-tokens */
export async function issueOperatorToken(
  dependencies: OperatorTokenDependencies,
  given: { readonly name: string; readonly scopes: readonly OperatorScope[] },
  metadata: EventMetadata,
): Promise<IssuedOperatorToken> {
  const { command, issued } = fresh(dependencies, given, false);
  await tell(dependencies, command, metadata);
  return issued;
}

/**
 * Of several processes that start for the first time at once, exactly one gets it.
 * @returns undefined: there was one before
 */
export async function firstOperatorToken(
  dependencies: OperatorTokenDependencies,
  metadata: EventMetadata,
): Promise<IssuedOperatorToken | undefined> {
  const { command, issued } = fresh(dependencies, { name: 'first start', scopes: ['read', 'write'] }, true);
  const { position } = await tell(dependencies, command, metadata);
  return position === null ? undefined : issued;
}

/** Oldest first, without those that were revoked. */
export const listOperatorTokens = async (known: KnownOperators): Promise<readonly OperatorToken[]> =>
  (await known.now()).tokens;

/** @throws {Rejection} operator/token-not-found */
export async function revokeOperatorToken(
  dependencies: Omit<OperatorTokenDependencies, 'tokens'>,
  tokenId: string,
  metadata: EventMetadata,
): Promise<void> {
  await tell(dependencies, { kind: 'RevokeOperatorToken', tokenId }, metadata);
}

function fresh(
  { ids, tokens }: OperatorTokenDependencies,
  { name, scopes }: { readonly name: string; readonly scopes: readonly OperatorScope[] },
  first: boolean,
) {
  const { token, hash: tokenHash } = tokens.issueOperatorToken();
  const tokenId = `opt_${ids.uuid().replaceAll('-', '')}`;
  const command = { kind: 'IssueOperatorToken', first, tokenId, name, scopes, tokenHash } as const;
  return { command, issued: { tokenId, token } };
}

const tell = (
  dependencies: Omit<OperatorTokenDependencies, 'tokens'>,
  command: OperatorTokenCommand,
  metadata: EventMetadata,
): Promise<Handled<OperatorTokens>> =>
  handle(dependencies, operatorTokensDecider, OPERATOR_TOKENS_STREAM, command, metadata);
