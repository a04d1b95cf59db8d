/** Changes whose answer tells that they are in force. */
import { Unavailable } from '../../application/errors.ts';
import type { EventStore } from '../../application/ports/event-store.ts';
import type { StreamWatch } from '../../application/stream-watch.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { settledProject } from './project-view.ts';

interface Watching {
  readonly store: EventStore;
  readonly watch: StreamWatch;
}
interface Asked {
  readonly ownerId: string;
  readonly projectId: ProjectId;
}

const IN_FORCE_WITHIN_MS = 30_000;

/** Waits for a process under way, such as the retirement of old keys by the clock: nobody should be refused for it. */
export const quiet = (watching: Watching, { ownerId, projectId }: Asked, signal: AbortSignal) =>
  settledProject(watching, ownerId, projectId, IN_FORCE_WITHIN_MS, signal);

/** @throws {Unavailable} it is recorded and will be done; it takes longer than anybody should wait */
export async function inForce(watching: Watching, { ownerId, projectId }: Asked, signal: AbortSignal) {
  const found = await settledProject(watching, ownerId, projectId, IN_FORCE_WITHIN_MS, signal);
  if (!found.settled)
    throw new Unavailable('put the rotation in force in time; it goes on, see the progress');
  return found;
}
