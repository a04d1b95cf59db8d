/** How answers are kept: shown at once, asked again behind, and no error of ours is asked twice. */
import { QueryClient } from '@tanstack/react-query';
import { ApiProblem } from './problem.ts';
import { onReachableAgain } from './reachability.ts';

const FRESH_MS = 5_000;
const MOST_TRIES = 3;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: FRESH_MS,
      retry: (failures, error) => !isOurs(error) && failures < MOST_TRIES - 1,
      // a platform on this very machine answers whether there is a network or not
      networkMode: 'always',
    },
    mutations: { retry: false, networkMode: 'always' },
  },
});

/** Asking again changes nothing. */
const isOurs = (error: unknown): boolean => error instanceof ApiProblem && error.status < 500;

onReachableAgain(() => void queryClient.invalidateQueries());
