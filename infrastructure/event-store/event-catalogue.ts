/**
 * The version of every event that this release writes. A payload that changes its shape gets the next version
 * and an upcaster from the one before; a type is never renamed.
 */
import type { OwnerEvent } from '../../domain/owner/events.ts';
import type { ProjectEvent } from '../../domain/project/events.ts';
import type { ProjectNameEvent } from '../../domain/project/project-name.ts';
import type { CatalogueEntry } from './event-codec.ts';

type EventType = (ProjectEvent | ProjectNameEvent | OwnerEvent)['type'];

/** A missing type is a compile error, and so is one that the domain does not know. */
export const eventCatalogue = {
  ProjectRequested: { version: 1 },
  ProjectPauseRequested: { version: 1 },
  ProjectResumeRequested: { version: 1 },
  ProjectDeletionRequested: { version: 1 },
  ProjectUndeleteRequested: { version: 1 },
  ProjectPurgeRequested: { version: 1 },
  DataApiSettingsChanged: { version: 1 },

  DatabaseCreated: { version: 1 },
  DatabaseDropped: { version: 1 },
  DatabaseUsersCreated: { version: 1 },
  DatabaseUsersRemoved: { version: 1 },
  SchemaMigrated: { version: 1 },
  DatabaseOpened: { version: 1 },
  DatabaseClosed: { version: 1 },
  PoolRegistered: { version: 1 },
  PoolUnregistered: { version: 1 },
  PostgrestSpawned: { version: 1 },
  PostgrestRemoved: { version: 1 },
  PostgrestReloaded: { version: 1 },
  ProjectNameReleased: { version: 1 },

  ProjectActivated: { version: 1 },
  ProvisioningFailed: { version: 1 },
  ProjectPaused: { version: 1 },
  ProjectResumed: { version: 1 },
  ProjectDeleted: { version: 1 },
  ProjectUndeleted: { version: 1 },
  ProjectPurged: { version: 1 },
  ProjectSuspended: { version: 1 },

  StepFailed: { version: 1 },
  StepRetryRequested: { version: 1 },
  DriftDetected: { version: 1 },
  DriftRepaired: { version: 1 },

  ProjectRequestAbandoned: { version: 1 },
  ProjectRenamed: { version: 1 },
  SqlExecuted: { version: 1 },

  ProjectNameReserved: { version: 1 },
  ProjectNameFreed: { version: 1 },

  OwnerRegistered: { version: 1 },
  OwnerSignedIn: { version: 1 },
  OwnerSignedOut: { version: 1 },
  OwnerSignInBlocked: { version: 1 },
  OwnerSessionRevoked: { version: 1 },
} as const satisfies Readonly<Record<EventType, CatalogueEntry>>;
