/** Changes whose answer tells that they are in force. */
import { Unavailable } from '../../application/errors.ts';
import type { EventStore } from '../../application/ports/event-store.ts';
import type { Who } from '../../application/project/command-project.ts';
import type { StreamWatch } from '../../application/stream-watch.ts';
import { settledProject } from './project-view.ts';

interface Watching {
  readonly store: EventStore;
  readonly watch: StreamWatch;
}

const IN_FORCE_WITHIN_MS = 30_000;

/** Waits for a process under way, such as the retirement of old keys by the clock: nobody should be refused for it. */
export const quiet = (watching: Watching, { ownerId, projectId }: Who, signal: AbortSignal) =>
  settledProject(watching, ownerId, projectId, IN_FORCE_WITHIN_MS, signal);

/** @throws {Unavailable} it is recorded and will be done; it takes longer than anybody should wait */
export async function inForce(watching: Watching, who: Who, signal: AbortSignal) {
  const found = await quiet(watching, who, signal);
  if (!found.settled)
    throw new Unavailable('put the rotation in force in time; it goes on, see the progress');
  return found;
}
