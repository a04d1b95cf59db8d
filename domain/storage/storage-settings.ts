/** What a project's owner may set of its storage, and what follows from it under what the platform allows. */
import type { ProjectLimits } from '../project/events.ts';

export interface StorageSettings {
  /** of one file, in bytes; null, here and below: what the platform allows */
  readonly fileSizeLimit: number | null;
  /** of all files together */
  readonly totalBytes: number | null;
  /** how many there may be */
  readonly files: number | null;
  /** pictures are resized for who asks */
  readonly imageTransformation: boolean;
  /** the S3 protocol is spoken */
  readonly s3: boolean;
}

export const STORAGE_DEFAULTS: StorageSettings = {
  fileSizeLimit: null,
  totalBytes: null,
  files: null,
  imageTransformation: true,
  s3: true,
};

/** What a project may store; null: no limit. */
export interface StorageLimits {
  /** of one file */
  readonly fileBytes: number;
  readonly totalBytes: number | null;
  readonly files: number | null;
}

const MB = 1024 * 1024;

/** What the platform allows each project, but for those that it allows something else. */
export const allowedOf = (
  { storageSizeMb, files }: Pick<ProjectLimits, 'storageSizeMb' | 'files'>,
  platform: StorageLimits,
): StorageLimits => ({
  fileBytes: platform.fileBytes,
  totalBytes: own(storageSizeMb, MB, platform.totalBytes),
  files: own(files, 1, platform.files),
});

/** 0: no limit */
const own = (value: number | null | undefined, unit: number, platforms: number | null): number | null =>
  value === null || value === undefined ? platforms : value * unit || null;

/** An owner may want less than the platform allows, and gets no more, also when that becomes less later. */
export const limitsOf = (
  { fileSizeLimit, totalBytes, files }: StorageSettings,
  platform: StorageLimits,
): StorageLimits => ({
  fileBytes: Math.min(fileSizeLimit ?? platform.fileBytes, platform.fileBytes),
  totalBytes: lower(totalBytes, platform.totalBytes),
  files: lower(files, platform.files),
});

const lower = (one: number | null, other: number | null): number | null =>
  one === null || other === null ? (one ?? other) : Math.min(one, other);
