/** The operator's session, a cookie of its own, and what the operator's pages ask. */
import { queryOptions, useQuery } from '@tanstack/react-query';
import { api, dataOf, type Answer } from './api.ts';
import { browserSession } from './browser-session.ts';
import { queryClient } from './query-client.ts';

export type OperatorProject = Answer<'/api/operator/projects', 'get', 200>['projects'][number];
export type Rollouts = Answer<'/api/operator/rollouts', 'get', 200>;
export type Rollout = NonNullable<Rollouts['rollout']>;
export type Work = Answer<'/api/operator/work', 'get', 200>['work'][number];
export type MayUse = Answer<'/api/operator/projects/{id}/limits', 'get', 200>;
export type OperatorToken = Answer<'/api/operator/tokens', 'get', 200>['tokens'][number];
export type Invite = Answer<'/api/operator/invites', 'get', 200>['invites'][number];
export type OperatorEntry = Answer<'/api/operator/audit', 'get', 200>['entries'][number];

export type OperatorSession = Answer<'/api/operator/session', 'get', 200>;

const ALL = ['operator'] as const;
/** for what nothing tells of; a hidden window asks for nothing */
const SLOW_MS = 15_000;

const isOfPages = ([subject, what]: readonly unknown[]): boolean => subject === ALL[0] && what !== 'session';

const operators = browserSession<OperatorSession>({
  whose: 'operator',
  queryKey: [...ALL, 'session'],
  ask: (signal) => dataOf(api.GET('/api/operator/session', { signal })),
  idOf: ({ id }) => id,
  isOfPages,
});

export const {
  query: operatorQuery,
  useLeftOpen: useOperatorLeft,
  look: lookForOperator,
  forget: forgetOperator,
} = operators;

/** Whether the one who is signed in, or whose page waits for them, may change something, too. */
export function useMayWrite(): boolean {
  const left = useOperatorLeft();
  return (useQuery(operatorQuery).data ?? left)?.scopes.includes('write') ?? false;
}

/** @throws {ApiProblem} `request/unauthenticated`: it is no token of an operator */
export async function signInOperator(token: string): Promise<void> {
  operators.begun(await dataOf(api.POST('/api/operator/session', { body: { token } })));
}

export async function signOutOperator(): Promise<void> {
  await api.DELETE('/api/operator/session');
  forgetOperator();
}

/** Whatever the operator's pages show, asked again. */
export const refreshOperator = (): Promise<void> =>
  queryClient.invalidateQueries({ predicate: ({ queryKey }) => isOfPages(queryKey) });

/** Those parts of it alone that the platform says have changed. */
export function refreshViews(views: readonly string[]): void {
  void queryClient.invalidateQueries({
    queryKey: ALL,
    predicate: ({ queryKey: [, what] }) => typeof what === 'string' && views.includes(what),
  });
}

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

const FOLDER = '/api/operator/';

/** One part of how the platform stands, by the last part of its address. */
export const partQuery = <P extends Part>(path: P) =>
  queryOptions({
    queryKey: [...ALL, path.slice(FOLDER.length)],
    queryFn: ({ signal }) => dataOf(api.GET(path as Part, { signal })) as Promise<Answer<P, 'get', 200>>,
    refetchInterval: SLOW_MS,
  });

export const operatorProjectsQuery = (text: string) =>
  queryOptions({
    queryKey: [...ALL, 'projects', 'named', text],
    queryFn: ({ signal }) => {
      const query = text === '' ? {} : { text };
      return dataOf(api.GET('/api/operator/projects', { params: { query }, signal }));
    },
    refetchInterval: SLOW_MS,
  });

/** Part of the projects: what happens to one may have changed it. */
export const operatorWhyQuery = (id: string) =>
  queryOptions({
    queryKey: [...ALL, 'projects', 'why', id],
    queryFn: ({ signal }) =>
      dataOf(api.GET('/api/operator/projects/{id}/why', { params: { path: { id } }, signal })),
    refetchInterval: SLOW_MS,
  });

export const rolloutsQuery = queryOptions({
  queryKey: [...ALL, 'rollouts'],
  queryFn: ({ signal }) => dataOf(api.GET('/api/operator/rollouts', { signal })),
  refetchInterval: SLOW_MS,
});

export const workQuery = queryOptions({
  queryKey: [...ALL, 'work'],
  queryFn: async ({ signal }) => (await dataOf(api.GET('/api/operator/work', { signal }))).work,
  refetchInterval: SLOW_MS,
});

export const operatorAuditQuery = queryOptions({
  queryKey: [...ALL, 'audit'],
  queryFn: async ({ signal }) => {
    const query = { actor: 'operator', limit: 100 };
    return (await dataOf(api.GET('/api/operator/audit', { params: { query }, signal }))).entries;
  },
  refetchInterval: SLOW_MS,
});
