import type { ProjectId } from '../../domain/project/project-id.ts';

export interface Ids {
  /** a random UUID */
  uuid(): string;
  projectId(): ProjectId;
  /** The same project id for the same owner and idempotency key, unguessable without the master key. */
  projectIdFor(ownerId: string, idempotencyKey: string): ProjectId;
  /** a UUID that is the same for the same text: an event that must not happen twice gets one */
  uuidFor(text: string): string;
  /** uniform in [0, 1) */
  random(): number;
}
