/** How the operator's routes are declared: who may ask is whoever shows a token of an operator's, with a scope for it. */
import type { OperatorScope } from '../../domain/operator/operator-tokens.ts';
import { endpointsFor, type Caller, type Endpoint as HttpEndpoint } from '../http/endpoint.ts';

/** Who asks, as the token says. */
export interface OperatorAsking {
  readonly tokenId: string;
  readonly name: string;
  readonly scopes: readonly OperatorScope[];
}

export interface OperatorCaller extends Caller {
  readonly known: { readonly operator: OperatorAsking };
}

interface OperatorRules {
  /** whatever the token's scopes: it takes something away from whoever asks alone */
  readonly mayAlways: boolean;
  /** it changes nothing, though it is no GET */
  readonly readsOnly: boolean;
}

export type OperatorEndpoint = HttpEndpoint<'operator'> & OperatorRules;

export const operatorEndpoint = endpointsFor<{ operator: OperatorCaller['known'] }, OperatorRules>({
  mayAlways: false,
  readsOnly: false,
});

export const operatorTags = ['operator'];

/** What a token needs for an endpoint. */
export const operatorScopeOf = ({
  method,
  readsOnly,
}: Pick<OperatorEndpoint, 'method' | 'readsOnly'>): OperatorScope =>
  method === 'get' || readsOnly ? 'read' : 'write';
