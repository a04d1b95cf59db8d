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

let left: Session | null = null;

const askWho = (signal?: AbortSignal): Promise<Session | null> =>
  dataOf<Session>(api.GET('/api/session', signal ? { signal } : {})).catch((error: unknown) => {
    if (error instanceof ApiProblem && error.status === 401) return null;
    throw error;
  });

const SESSION = ['session'] as const;

/** null: nobody is signed in */
export const sessionQuery = queryOptions({
  queryKey: SESSION,
  queryFn: async ({ signal }) => {
    const now = await askWho(signal);
    if (now === null) left = queryClient.getQueryData<Session | null>(SESSION) ?? left;
    return now;
  },
  staleTime: 60_000,
});

export const useSession = () => useQuery(sessionQuery);

/** @throws {ApiProblem} `owner/invalid-credentials` */
export async function signIn(email: string, password: string): Promise<void> {
  resume(await dataOf<Session>(api.POST('/api/session', { body: { email, password } })));
}

/** Whose page waits for them since their session ended by itself; null: nobody's. */
export const leftOpen = (): Session | null => left;

/** Whoever comes back finds the page as they left it; of another one nothing is there. */
function resume(session: Session): void {
  const isBack = left?.owner_id === session.owner_id;
  if (!isBack) forgetEverything();
  left = null;
  queryClient.setQueryData(sessionQuery.queryKey, session);
  if (isBack) void queryClient.invalidateQueries({ predicate: isOfPages });
}

/** They may have signed in again in another window. */
export async function lookForSession(): Promise<void> {
  const found = await askWho();
  if (found) resume(found);
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
  forgetServiceTokens();
  // that of the session stays: the page hears of who is there by it
  queryClient.removeQueries({ predicate: isOfPages });
  queryClient.setQueryData(sessionQuery.queryKey, null);
}

const isOfPages = ({ queryKey: [subject] }: { readonly queryKey: readonly unknown[] }): boolean =>
  subject !== 'session';

let asking = false;
// an answer that comes late may be about a session before this one: it is asked who is in now
onSessionEnded('owner', () => {
  const known = queryClient.getQueryData(sessionQuery.queryKey);
  if (asking || !known) return;
  asking = true;
  void askWho()
    .then((now) => {
      if (now) return;
      left = known;
      queryClient.setQueryData(sessionQuery.queryKey, null);
    })
    .catch(() => {})
    .finally(() => (asking = false));
});
