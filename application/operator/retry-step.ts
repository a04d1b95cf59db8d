import { projectDecider } from '../../domain/project/project-decider.ts';
import { projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import { handle } from '../handle.ts';
import type { EventMetadata, EventStore } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';

/** Has the step of a suspended project tried again. @throws {Rejection} project/nothing-to-retry, project/not-found */
export async function retryStep(
  dependencies: { readonly store: EventStore; readonly ids: Ids },
  id: ProjectId,
  metadata: EventMetadata,
): Promise<void> {
  await handle(dependencies, projectDecider, projectStream(id), { kind: 'RetryStep' }, metadata);
}
