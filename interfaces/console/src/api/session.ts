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

const SESSION = ['session'] as const;

/** whose session has ended by itself: their page waits for them */
let left: Session | null = null;

/** null: nobody is signed in */
export const sessionQuery = queryOptions({
  queryKey: SESSION,
  queryFn: async ({ signal }) => {
    const now = await dataOf<Session>(api.GET('/api/session', { signal })).catch((error: unknown) => {
      if (error instanceof ApiProblem && error.status === 401) return null;
      throw error;
    });
    arrive(now);
    return now;
  },
  staleTime: 60_000,
});

export const useSession = () => useQuery(sessionQuery);

/** @throws {ApiProblem} `owner/invalid-credentials` */
export async function signIn(email: string, password: string): Promise<void> {
  const session = await dataOf<Session>(api.POST('/api/session', { body: { email, password } }));
  arrive(session);
  queryClient.setQueryData(SESSION, session);
}

/** Whose page waits for them since their session ended by itself; null: nobody's. */
export const leftOpen = (): Session | null => left;

/** Whoever comes back finds the page as they left it; of another one nothing is there. */
function arrive(now: Session | null): void {
  const before = queryClient.getQueryData<Session | null>(SESSION) ?? left;
  if (now && before && now.owner_id !== before.owner_id) forgetPages();
  else if (now && left) void queryClient.invalidateQueries({ predicate: isOfPages });
  left = now ? null : before;
}

/** They may have signed in again in another window, or out. */
export async function lookForSession(): Promise<void> {
  // what cannot be asked is asked again at the next occasion
  await queryClient.fetchQuery({ ...sessionQuery, staleTime: 0 }).catch(() => {});
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
  left = null;
  forgetPages();
  queryClient.setQueryData(SESSION, null);
}

/** What is known of the session stays: the page hears of who is there by it. */
function forgetPages(): void {
  forgetServiceTokens();
  queryClient.removeQueries({ predicate: isOfPages });
}

const isOfPages = ({ queryKey: [subject] }: { readonly queryKey: readonly unknown[] }): boolean =>
  subject !== SESSION[0];

// an answer that comes late may be about a session before this one: it is asked who is in now
onSessionEnded('owner', () => {
  if (queryClient.getQueryData(SESSION)) void lookForSession();
});
