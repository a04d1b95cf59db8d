/** What happens to a project, as it happens: one connection for all who want to know. */
import { queryOptions } from '@tanstack/react-query';
import { useEffect, useEffectEvent } from 'react';
import { api, dataOf, type ProcessTable, type Project } from './api.ts';
import { followEvents, type StreamEvent } from './follow-events.ts';
import { queryClient } from './query-client.ts';

interface Listener {
  readonly onEvent: (event: ProjectEvent) => void;
  readonly onState: (live: boolean) => void;
}

interface Shared {
  readonly listeners: Set<Listener>;
  /** what has come: whoever begins to listen later hears it, too */
  readonly past: ProjectEvent[];
  live: boolean;
  readonly end: () => void;
}

export interface ProjectEvent {
  /** as the log has it: `DatabaseCreated` */
  readonly type: string;
  readonly revision: number;
  readonly recorded_at: string;
  readonly correlation_id: string;
  /** of the project after it */
  readonly status: Project['status'] | null;
  /** under way after it, since the event with the revision `began`; `undoing`: since this step has failed */
  readonly process: {
    readonly process: string;
    readonly began: number;
    readonly undoing: string | null;
  } | null;
  readonly data: Readonly<Record<string, unknown>>;
}

const shared = new Map<string, Shared>();

/** Which steps a process has, and what is recorded of each: nothing of it changes while a platform runs. */
export const processTablesQuery = queryOptions({
  queryKey: ['processes'],
  queryFn: async ({ signal }): Promise<readonly ProcessTable[]> =>
    (await dataOf(api.GET('/api/processes', { signal }))).processes,
  staleTime: 60 * 60_000,
});

/**
 * From the one that began the latest process on. What is shown of the project elsewhere is asked for again at each new one.
 * @param onState whether the connection stands
 */
export function useProjectEvents(
  project: string,
  onEvent: (event: ProjectEvent) => void,
  onState: (live: boolean) => void = () => {},
): void {
  const heard = useEffectEvent(onEvent);
  const told = useEffectEvent(onState);
  useEffect(
    () => listen(project, { onEvent: (event) => heard(event), onState: (live) => told(live) }),
    [project],
  );
}

function listen(project: string, listener: Listener): () => void {
  const one = shared.get(project) ?? open(project);
  one.listeners.add(listener);
  listener.onState(one.live);
  for (const event of one.past) listener.onEvent(event);
  return () => {
    one.listeners.delete(listener);
    if (one.listeners.size > 0) return;
    one.end();
    shared.delete(project);
  };
}

function open(project: string): Shared {
  const listeners = new Set<Listener>();
  const past: ProjectEvent[] = [];
  const onEvent = ({ data }: StreamEvent) => {
    const event = data as ProjectEvent;
    past.push(event);
    for (const listener of listeners) listener.onEvent(event);
    refresh(project);
  };
  // until it is known to be lost it is taken to be there
  const one = { listeners, past, live: true, end: () => {} };
  const onState = (live: boolean) => {
    one.live = live;
    for (const listener of listeners) listener.onState(live);
  };
  one.end = followEvents(`/api/projects/${project}/events?from=latest-process`, { onEvent, onState });
  shared.set(project, one);
  return one;
}

let waiting: ReturnType<typeof setTimeout> | undefined;

/** Events come in groups, and a project is read once for all of them. */
function refresh(project: string): void {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    void queryClient.invalidateQueries({ queryKey: ['project', project] });
    void queryClient.invalidateQueries({ queryKey: ['projects'] });
  }, 40);
}
