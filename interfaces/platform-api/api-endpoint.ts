/** The platform API's routes are of two kinds: owners', and operators'. Each has its own callers, and neither may stand in for the other. */
import type { CallerBounds } from '../http/caller-bounds.ts';
import type { Authenticate } from '../http/server.ts';
import type { OperatorBounds } from './operator-bounds.ts';
import type { OperatorCaller, OperatorEndpoint } from './operator-endpoint.ts';
import type { OwnerBounds } from './owner-bounds.ts';
import type { Endpoint, OwnerCaller } from './owner-endpoint.ts';

export type ApiEndpoint = Endpoint | OperatorEndpoint;
export type ApiCaller = OwnerCaller | OperatorCaller;

export const isOperators = (endpoint: ApiEndpoint): endpoint is OperatorEndpoint =>
  endpoint.auth === 'operator';
const isOperator = (caller: ApiCaller): caller is OperatorCaller => 'operator' in caller.known;

export const apiAuthentication =
  (
    owners: Authenticate<Endpoint, OwnerCaller>,
    operators: Authenticate<OperatorEndpoint, OperatorCaller>,
  ): Authenticate<ApiEndpoint, ApiCaller> =>
  (request, endpoint) =>
    isOperators(endpoint) ? operators(request, endpoint) : owners(request, endpoint as Endpoint);

/** Addresses are counted together, whoever asks from them. */
export const apiBounds = (
  owners: OwnerBounds,
  operators: OperatorBounds,
): CallerBounds<ApiEndpoint, ApiCaller> => ({
  enter: (address) => owners.enter(address),
  enterAs: (caller, endpoint) =>
    isOperator(caller) ? operators.enterAs(caller, endpoint) : owners.enterAs(caller, endpoint as Endpoint),
  stream: (address, caller) =>
    caller && isOperator(caller) ? operators.stream(caller) : owners.stream(address, caller),
});
