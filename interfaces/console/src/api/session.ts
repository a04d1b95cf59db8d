/** Who is signed in. The session itself is a cookie that no script can read. */
import { queryOptions, useQuery } from '@tanstack/react-query';
import { api, dataOf } from './api.ts';
import { ApiProblem } from './problem.ts';
import { queryClient } from './query-client.ts';
import { onSessionEnded } from './send.ts';
import { forgetServiceTokens } from './service-token.ts';

export interface Session {
  readonly owner_id: string;
  readonly email: string;
}

/** null: nobody is signed in */
export const sessionQuery = queryOptions({
  queryKey: ['session'],
  queryFn: ({ signal }) =>
    dataOf<Session>(api.GET('/api/session', { signal })).catch((error: unknown) => {
      if (error instanceof ApiProblem && error.status === 401) return null;
      throw error;
    }),
  staleTime: 60_000,
});

export const useSession = () => useQuery(sessionQuery);

/** @throws {ApiProblem} `owner/invalid-credentials` */
export async function signIn(email: string, password: string): Promise<void> {
  const session = await dataOf(api.POST('/api/session', { body: { email, password } }));
  forgetEverything();
  queryClient.setQueryData(sessionQuery.queryKey, session);
}

/** @param everywhere all sessions of the owner end, on every machine */
export async function signOut(everywhere = false): Promise<void> {
  await dataOf(
    api.DELETE('/api/session', { params: { query: { everywhere: everywhere ? 'true' : 'false' } } }),
  );
  forgetEverything();
}

/** Nothing of whoever was here is left for whoever comes next. */
export function forgetEverything(): void {
  forgetServiceTokens();
  // that of the session stays: the page hears of who is there by it
  queryClient.removeQueries({ predicate: ({ queryKey: [subject] }) => subject !== 'session' });
  queryClient.setQueryData(sessionQuery.queryKey, null);
}

// where one is stays in the address: whoever signs in again goes on there
onSessionEnded('owner', () => queryClient.setQueryData(sessionQuery.queryKey, null));
