import type { Project } from '../../domain/project/project.ts';
import type { Handled } from '../handle.ts';
import type { Clock } from '../ports/clock.ts';
import type { CommandLog, EventMetadata } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';
import { commandProject, type Who } from './command-project.ts';

/**
 * Has the step that waits for its next try tried now, or once more when its process has given up. Does nothing while it is
 * being tried.
 * @throws {Rejection} project/not-found, project/nothing-to-retry
 */
export const retryOwnProject = (
  { store, ids, clock }: { readonly store: CommandLog; readonly ids: Ids; readonly clock: Clock },
  who: Who,
  metadata: EventMetadata,
): Promise<Handled<Project>> =>
  commandProject({ store, ids }, who, { kind: 'RetryStepOnce', now: clock.now() }, metadata);
