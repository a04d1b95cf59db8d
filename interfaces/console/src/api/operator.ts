/** The operator's session, a cookie of its own, and what the operator's pages ask. */
import { queryOptions, useQuery } from '@tanstack/react-query';
import { api, dataOf, type Answer } from './api.ts';
import { ApiProblem } from './problem.ts';
import { queryClient } from './query-client.ts';
import { onSessionEnded } from './send.ts';

export type OperatorProject = Answer<'/api/operator/projects', 'get', 200>['projects'][number];
export type Rollouts = Answer<'/api/operator/rollouts', 'get', 200>;
export type Rollout = NonNullable<Rollouts['rollout']>;
export type Work = Answer<'/api/operator/work', 'get', 200>['work'][number];
export type MayUse = Answer<'/api/operator/projects/{id}/limits', 'get', 200>;
export type OperatorToken = Answer<'/api/operator/tokens', 'get', 200>['tokens'][number];
export type Invite = Answer<'/api/operator/invites', 'get', 200>['invites'][number];
export type OperatorEntry = Answer<'/api/operator/audit', 'get', 200>['entries'][number];

const ALL = ['operator'] as const;
/** while somebody looks: a hidden window asks for nothing */
const LIVE_MS = 3_000;
const BUSY_MS = 500;

/** null: nobody is signed in as an operator */
export const operatorQuery = queryOptions({
  queryKey: [...ALL, 'session'],
  queryFn: ({ signal }) =>
    dataOf(api.GET('/api/operator/session', { signal })).catch((error: unknown) => {
      if (error instanceof ApiProblem && error.status === 401) return null;
      throw error;
    }),
  staleTime: 60_000,
});

/** Whether the one who is signed in may change something, too. */
export const useMayWrite = (): boolean => useQuery(operatorQuery).data?.scopes.includes('write') ?? false;

/** @throws {ApiProblem} `request/unauthenticated`: it is no token of an operator */
export async function signInOperator(token: string): Promise<void> {
  const session = await dataOf(api.POST('/api/operator/session', { body: { token } }));
  queryClient.setQueryData(operatorQuery.queryKey, session);
}

export async function signOutOperator(): Promise<void> {
  await api.DELETE('/api/operator/session');
  forgetOperator();
}

/** Nothing of the operator's is left for whoever comes next. */
function forgetOperator(): void {
  queryClient.removeQueries({
    queryKey: ALL,
    predicate: ({ queryKey }) => queryKey[1] !== 'session',
  });
  queryClient.setQueryData(operatorQuery.queryKey, null);
}

onSessionEnded('operator', forgetOperator);

/** Whatever the operator's pages show, asked again. */
export const refreshOperator = (): Promise<void> =>
  queryClient.invalidateQueries({
    queryKey: ALL,
    predicate: ({ queryKey }) => queryKey[1] !== 'session',
  });

type Part =
  | '/api/operator/capacity'
  | '/api/operator/pools'
  | '/api/operator/data-apis'
  | '/api/operator/views'
  | '/api/operator/background'
  | '/api/operator/drift'
  | '/api/operator/failures'
  | '/api/operator/parked'
  | '/api/operator/invites'
  | '/api/operator/tokens';

/** One part of how the platform stands, asked again every few seconds. */
export const partQuery = <P extends Part>(path: P) =>
  queryOptions({
    queryKey: [...ALL, path],
    queryFn: ({ signal }) => dataOf(api.GET(path as Part, { signal })) as Promise<Answer<P, 'get', 200>>,
    refetchInterval: LIVE_MS,
  });

export const operatorProjectsQuery = (text: string) =>
  queryOptions({
    queryKey: [...ALL, 'projects', text],
    queryFn: ({ signal }) => {
      const query = text === '' ? {} : { text };
      return dataOf(api.GET('/api/operator/projects', { params: { query }, signal }));
    },
    refetchInterval: LIVE_MS,
  });

export const rolloutsQuery = queryOptions({
  queryKey: [...ALL, 'rollouts'],
  queryFn: ({ signal }) => dataOf(api.GET('/api/operator/rollouts', { signal })),
  refetchInterval: ({ state }) => (state.data?.rollout?.state === 'running' ? BUSY_MS : LIVE_MS),
});

export const workQuery = queryOptions({
  queryKey: [...ALL, 'work'],
  queryFn: async ({ signal }) => (await dataOf(api.GET('/api/operator/work', { signal }))).work,
  refetchInterval: ({ state }) =>
    state.data?.some((work) => work.state === 'running') === true ? BUSY_MS : LIVE_MS,
});

export const operatorAuditQuery = queryOptions({
  queryKey: [...ALL, 'audit'],
  queryFn: async ({ signal }) => {
    const query = { actor: 'operator', limit: 100 };
    return (await dataOf(api.GET('/api/operator/audit', { params: { query }, signal }))).entries;
  },
  refetchInterval: LIVE_MS,
});
