import {
  AUTH_DEFAULTS,
  completeSettings,
  type AuthSettings,
  type StoredSettings,
} from '../../domain/auth/auth-settings.ts';

/** What is other than by default, by the names that the platform API has for it; no value of them. */
export function authSettingsInWords(stored: StoredSettings): string {
  const settings = completeSettings(stored);
  const keys = Object.keys(AUTH_DEFAULTS) as (keyof AuthSettings)[];
  const other = keys.filter((key) => JSON.stringify(settings[key]) !== JSON.stringify(AUTH_DEFAULTS[key]));
  return other.length === 0 ? 'all as by default' : `set: ${other.map(snake).join(', ')}`;
}

const snake = (key: string): string => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
