import { fold } from '../../domain/decider.ts';
import { projectStorageStream, type ProjectId } from '../../domain/project/project-id.ts';
import {
  storageSettingsDecider,
  type StorageSettingsEvent,
  type StorageSettingsState,
} from '../../domain/storage/storage-settings-decider.ts';
import { readOrEmpty, recorded } from '../handle.ts';
import type { EventStore } from '../ports/event-store.ts';

/** The last event has all that is set, so no other is read. */
export async function loadStorageSettings(store: EventStore, id: ProjectId): Promise<StorageSettingsState> {
  const last = await readOrEmpty(store, projectStorageStream(id), { direction: 'backward', limit: 1 });
  return fold(storageSettingsDecider, recorded<StorageSettingsEvent>(last));
}
