import { fold } from '../../domain/decider.ts';
import { projectStorageStream, type ProjectId } from '../../domain/project/project-id.ts';
import {
  storageSettingsDecider,
  type StorageSettingsEvent,
  type StorageSettingsState,
} from '../../domain/storage/storage-settings-decider.ts';
import { recorded } from '../handle.ts';
import { lastEvent } from '../last-event.ts';
import type { EventStore } from '../ports/event-store.ts';

/** The last event has all that is set, so no other is folded. @param at as of then */
export async function loadStorageSettings(
  store: EventStore,
  id: ProjectId,
  at?: Date,
): Promise<StorageSettingsState> {
  const last = await lastEvent(store, projectStorageStream(id), at);
  return fold(storageSettingsDecider, recorded<StorageSettingsEvent>(last));
}
