/** What the operator's pages show is asked for again when the platform says that it has changed. */
import { useEffect, useEffectEvent } from 'react';
import { refreshViews, workQuery, type Work } from './operator.ts';
import { followEvents } from './follow-events.ts';
import { queryClient } from './query-client.ts';

/** @param on false: nobody is signed in who could be told */
export function useOperatorEvents(on: boolean): void {
  useFollowed('/api/operator/events', on, (data) =>
    refreshViews((data as { views: readonly string[] }).views),
  );
}

/** How far replays and verifications are, as they go. */
export function useWorkEvents(): void {
  useFollowed('/api/operator/work/events', true, (data) => {
    const { queryKey } = workQuery;
    // an answer that was asked for before is older
    void queryClient.cancelQueries({ queryKey }).then(() => {
      queryClient.setQueryData(queryKey, (data as { work: Work[] }).work);
    });
  });
}

/**
 * While the window is seen: browsers have few connections for all windows of a platform, and whoever comes back is told of
 * everything first.
 */
function useFollowed(path: string, on: boolean, onData: (data: unknown) => void): void {
  const heard = useEffectEvent(onData);
  useEffect(() => {
    if (!on) return undefined;
    let end: (() => void) | undefined;
    const look = () => {
      if (document.visibilityState === 'visible')
        end ??= followEvents(path, { onEvent: ({ data }) => heard(data) });
      else {
        end?.();
        end = undefined;
      }
    };
    look();
    document.addEventListener('visibilitychange', look);
    return () => {
      document.removeEventListener('visibilitychange', look);
      end?.();
    };
  }, [path, on]);
}
