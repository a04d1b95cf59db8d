import type { VerifiedFiles } from '../../domain/storage/storage-settings-decider.ts';
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

/** `1200 files, 1 without bytes, 1 with other bytes than they say` */
export function verifiedInWords({ files, missing, different, unknown, isWhole }: VerifiedFiles): string {
  const faults = [
    ...(missing > 0 ? [`${missing} without bytes`] : []),
    ...(different > 0 ? [`${different} with other bytes than they say`] : []),
    ...(unknown > 0 ? [`${unknown} with a version that is not ours`] : []),
  ];
  const what = [`${files} file${files === 1 ? '' : 's'}`, ...(faults.length > 0 ? faults : ['all is well'])];
  return `${what.join(', ')}${isWhole ? '' : '; it was not taken to the end'}`;
}
