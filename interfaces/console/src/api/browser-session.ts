/** Who is signed in. The session itself is a cookie that no script can read. */
import { queryOptions } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import { ApiProblem } from './problem.ts';
import { queryClient } from './query-client.ts';
import { onSessionEnded, type Whose } from './send.ts';

interface SessionRules<S> {
  readonly whose: Whose;
  readonly queryKey: readonly string[];
  /** @throws {ApiProblem} 401: nobody is signed in */
  readonly ask: (signal: AbortSignal) => Promise<S>;
  readonly idOf: (session: S) => string;
  /** what is known that only they may see, but who they are: the page hears of that by the session */
  readonly isOfPages: (queryKey: readonly unknown[]) => boolean;
  /** what else is kept of them */
  readonly forgetMore?: () => void;
}

/** Whoever's session ends by itself finds their page as they left it when they come back; of another one nothing is there. */
export function browserSession<S>({ whose, queryKey, ask, idOf, isOfPages, forgetMore }: SessionRules<S>) {
  /** whose session has ended by itself: their page waits for them */
  let left: S | null = null;
  /** who show that page: that it waits no more is no news of the session, which was over before */
  const waiting = new Set<() => void>();
  const subscribe = (heard: () => void) => {
    waiting.add(heard);
    return () => void waiting.delete(heard);
  };
  const predicate = (query: { readonly queryKey: readonly unknown[] }) => isOfPages(query.queryKey);

  /** null: nobody is signed in */
  const query = queryOptions({
    queryKey,
    queryFn: async ({ signal }) => {
      const now = await ask(signal).catch((error: unknown) => {
        if (error instanceof ApiProblem && error.status === 401) return null;
        throw error;
      });
      arrive(now);
      return now;
    },
    staleTime: 60_000,
  });
  const known = () => queryClient.getQueryData<S | null>(queryKey);

  function arrive(now: S | null): void {
    const before = known() ?? left;
    if (now && before && idOf(now) !== idOf(before)) forgetPages();
    else if (now && left) void queryClient.invalidateQueries({ predicate });
    left = now ? null : before;
  }

  function forgetPages(): void {
    forgetMore?.();
    queryClient.removeQueries({ predicate });
  }

  /** They may have signed in again in another window, or out. */
  async function look(): Promise<void> {
    // what cannot be asked is asked again at the next occasion
    await queryClient.fetchQuery({ ...query, staleTime: 0 }).catch(() => {});
  }

  // an answer that comes late may be about a session before this one: it is asked who is in now
  onSessionEnded(whose, () => {
    if (known()) void look();
  });

  return {
    query,
    look,
    /** Whose page waits for them since their session ended by itself; null: nobody's. */
    useLeftOpen: (): S | null => useSyncExternalStore(subscribe, () => left),
    begun: (session: S): void => {
      arrive(session);
      queryClient.setQueryData<S | null>(queryKey, session);
    },
    /** Nothing of whoever was here is left for whoever comes next. */
    forget: (): void => {
      left = null;
      forgetPages();
      queryClient.setQueryData<S | null>(queryKey, null);
      for (const heard of waiting) heard();
    },
  };
}
