/** What happens to a project, as it happens: one connection for all who want to know. */
import { useEffect, useEffectEvent } from 'react';
import { followEvents, type StreamEvent } from './follow-events.ts';
import { queryClient } from './query-client.ts';

interface Shared {
  readonly listeners: Set<(event: ProjectEvent) => void>;
  /** what has come: whoever begins to listen later hears it, too */
  readonly past: ProjectEvent[];
  readonly end: () => void;
}

export interface ProjectEvent {
  /** as the log has it: `DatabaseCreated` */
  readonly type: string;
  readonly revision: number;
  readonly recorded_at: string;
  readonly correlation_id: string;
  readonly data: Readonly<Record<string, unknown>>;
}

const shared = new Map<string, Shared>();

/** From the first one on. What is shown of the project elsewhere is asked for again at each new one. */
export function useProjectEvents(project: string, onEvent: (event: ProjectEvent) => void): void {
  const heard = useEffectEvent(onEvent);
  useEffect(() => listen(project, (event) => heard(event)), [project]);
}

function listen(project: string, heard: (event: ProjectEvent) => void): () => void {
  const one = shared.get(project) ?? open(project);
  one.listeners.add(heard);
  for (const event of one.past) heard(event);
  return () => {
    one.listeners.delete(heard);
    if (one.listeners.size > 0) return;
    one.end();
    shared.delete(project);
  };
}

function open(project: string): Shared {
  const listeners = new Set<(event: ProjectEvent) => void>();
  const past: ProjectEvent[] = [];
  const onEvent = ({ data }: StreamEvent) => {
    const event = data as ProjectEvent;
    past.push(event);
    for (const heard of listeners) heard(event);
    refresh(project);
  };
  const one = { listeners, past, end: followEvents(`/api/projects/${project}/events`, { onEvent }) };
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
