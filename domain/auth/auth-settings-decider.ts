/** A project's auth settings as their stream tells them: each event has all of them, so the last one is enough. */
import type { Decider } from '../decider.ts';
import type { SealedSecrets } from '../project/events.ts';
import type { ProjectId } from '../project/project-id.ts';
import { AUTH_DEFAULTS, completeSettings, type AuthSettings, type StoredSettings } from './auth-settings.ts';
import { requireValidSettings } from './auth-settings-rules.ts';

export type AuthSettingsEvent = {
  readonly type: 'AuthSettingsChanged';
  /** `secrets` holds every secret that is set; absent: none is */
  readonly data: {
    readonly projectId: ProjectId;
    readonly settings: StoredSettings;
    readonly secrets?: SealedSecrets;
  };
};

export interface AuthSettingsState {
  readonly settings: AuthSettings;
  /** null: none is set */
  readonly secrets: SealedSecrets | null;
  /** -1: nothing was ever set */
  readonly revision: number;
}

/** `secrets`: the very same object's text as before where no secret changes, so that it can be told. */
export type AuthSettingsCommand = {
  readonly kind: 'ChangeAuthSettings';
  readonly projectId: ProjectId;
  readonly settings: AuthSettings;
  readonly secrets: SealedSecrets | null;
};

export const authSettingsDecider: Decider<AuthSettingsState, AuthSettingsCommand, AuthSettingsEvent> = {
  initial: { settings: AUTH_DEFAULTS, secrets: null, revision: -1 },
  decide({ projectId, settings, secrets }, state) {
    requireValidSettings(settings);
    if (isSame(settings, state.settings) && isSame(secrets, state.secrets)) return [];
    return [{ type: 'AuthSettingsChanged', data: { projectId, settings, ...(secrets && { secrets }) } }];
  },
  evolve: (_state, { data, revision }) => ({
    settings: completeSettings(data.settings),
    secrets: data.secrets ?? null,
    revision,
  }),
};

/** Whatever the order of their keys. */
export function isSame(one: unknown, other: unknown): boolean {
  if (!isObject(one) || !isObject(other)) return one === other;
  const [keys, others] = [Object.keys(one), Object.keys(other)];
  return (
    keys.length === others.length &&
    keys.every((key) => Object.hasOwn(other, key) && isSame(one[key], other[key]))
  );
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;
