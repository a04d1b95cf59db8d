import {
  authSettingsDecider,
  type AuthSettingsEvent,
  type AuthSettingsState,
} from '../../domain/auth/auth-settings-decider.ts';
import { fold } from '../../domain/decider.ts';
import { projectAuthStream, type ProjectId } from '../../domain/project/project-id.ts';
import { recorded } from '../handle.ts';
import { lastEvent } from '../last-event.ts';
import type { EventStore } from '../ports/event-store.ts';

/** The last event has all that is set, so no other is folded. @param at as of then */
export async function loadAuthSettings(
  store: EventStore,
  id: ProjectId,
  at?: Date,
): Promise<AuthSettingsState> {
  const last = await lastEvent(store, projectAuthStream(id), at);
  return fold(authSettingsDecider, recorded<AuthSettingsEvent>(last));
}
