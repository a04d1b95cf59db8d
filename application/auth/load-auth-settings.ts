import {
  authSettingsDecider,
  type AuthSettingsEvent,
  type AuthSettingsState,
} from '../../domain/auth/auth-settings-decider.ts';
import { fold } from '../../domain/decider.ts';
import { projectAuthStream, type ProjectId } from '../../domain/project/project-id.ts';
import { readOrEmpty, recorded } from '../handle.ts';
import type { EventStore } from '../ports/event-store.ts';

/** The last event has all that is set, so no other is read. */
export async function loadAuthSettings(store: EventStore, id: ProjectId): Promise<AuthSettingsState> {
  const last = await readOrEmpty(store, projectAuthStream(id), { direction: 'backward', limit: 1 });
  return fold(authSettingsDecider, recorded<AuthSettingsEvent>(last));
}
