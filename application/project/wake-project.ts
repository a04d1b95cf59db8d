import { projectDecider } from '../../domain/project/project-decider.ts';
import { projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import { Unavailable } from '../errors.ts';
import { handle } from '../handle.ts';
import type { EventMetadata, EventStore } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';
import type { StreamWatch } from '../stream-watch.ts';

export interface WakeDependencies {
  readonly store: EventStore;
  readonly ids: Ids;
  readonly watch: StreamWatch;
}

/**
 * Resolves when the project's REST API has answered; at once for one that is awake. Asked by many it is one wake.
 * A process that is at work on a sleeping project, such as a rotation, ends first. What fails meanwhile is tried
 * again by the process, whoever waits for it or not.
 * @throws {Rejection} it is not one that sleeps: paused, deleted, suspended ...
 * @throws {Unavailable} the signal aborted first
 */
export async function wakeProject(
  { store, ids, watch }: WakeDependencies,
  projectId: ProjectId,
  metadata: EventMetadata,
  signal: AbortSignal,
): Promise<void> {
  const stream = projectStream(projectId);
  const look = async () => {
    const asked = { kind: 'WakeProject' } as const;
    const { state } = await handle({ store, ids }, projectDecider, stream, asked, metadata);
    return state.kind === 'project' && state.status === 'active' ? state : undefined;
  };
  if (!(await watch.until(stream, look, signal))) throw new Unavailable(`wake ${projectId} in time`);
}
