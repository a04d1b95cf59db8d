import { STORAGE_DEFAULTS, type StorageSettings } from '../../domain/storage/storage-settings.ts';

/** What is other than by default. */
export function storageSettingsInWords(settings: StorageSettings): string {
  const keys = Object.keys(STORAGE_DEFAULTS) as (keyof StorageSettings)[];
  const other = keys.filter((key) => settings[key] !== STORAGE_DEFAULTS[key]);
  return other.length === 0
    ? 'all as by default'
    : other
        .map((key) => `${WORDS[key]} ${String(settings[key] === false ? 'off' : settings[key])}`)
        .join(', ');
}

const WORDS: Readonly<Record<keyof StorageSettings, string>> = {
  fileSizeLimit: 'bytes of a file',
  totalBytes: 'bytes of all files',
  files: 'files',
  imageTransformation: 'image transformation',
  s3: 'S3 protocol',
};
