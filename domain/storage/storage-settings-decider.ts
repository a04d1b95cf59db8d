/**
 * A project's storage settings and its access keys of the S3 protocol, as their stream tells them: each event has all of
 * both, so the last one is enough.
 */
import type { Decider } from '../decider.ts';
import type { SealedSecrets } from '../project/events.ts';
import type { ProjectId } from '../project/project-id.ts';
import { Rejection } from '../rejection.ts';
import { STORAGE_DEFAULTS, type StorageSettings } from './storage-settings.ts';

/** It may do whatever the service role may. */
export interface S3Key {
  /** the access key id, which is no secret */
  readonly id: string;
  readonly name: string;
  /** the secret half */
  readonly sealed: SealedSecrets;
  /** RFC 3339 */
  readonly madeAt: string;
}

export const MOST_S3_KEYS = 20;

interface Whole {
  readonly projectId: ProjectId;
  readonly settings: StorageSettings;
  /** the newest first */
  readonly s3Keys: readonly S3Key[];
}

/** What an operator's look at the bytes of all files has shown. Names are their users' to know: versions stand for them. */
export interface VerifiedFiles {
  readonly files: number;
  readonly bytes: number;
  /** rows whose bytes are not there */
  readonly missing: number;
  /** rows whose bytes have another size or checksum than they say */
  readonly different: number;
  /** rows that name no bytes which could be the platform's */
  readonly unknown: number;
  /** of what is missing or different, the first ones */
  readonly versions: readonly string[];
  /** false: it was not taken to the end */
  readonly isWhole: boolean;
}

const MOST_VERSIONS_TOLD = 20;

export type StorageSettingsEvent =
  | { readonly type: 'StorageSettingsChanged'; readonly data: Whole }
  | { readonly type: 'S3KeyMade'; readonly data: Whole & { readonly keyId: string } }
  | { readonly type: 'S3KeyRevoked'; readonly data: Whole & { readonly keyId: string } }
  | { readonly type: 'FilesVerified'; readonly data: Whole & { readonly found: VerifiedFiles } };

export interface StorageSettingsState {
  readonly settings: StorageSettings;
  readonly s3Keys: readonly S3Key[];
  /** -1: nothing was ever set */
  readonly revision: number;
}

export type StorageSettingsCommand = { readonly projectId: ProjectId } & (
  | { readonly kind: 'ChangeStorageSettings'; readonly change: StorageSettingsChange }
  | { readonly kind: 'MakeS3Key'; readonly key: S3Key }
  | { readonly kind: 'RevokeS3Key'; readonly keyId: string }
  | { readonly kind: 'RecordVerification'; readonly found: VerifiedFiles }
);

/** What is absent stays as it is; null is the default again. */
export type StorageSettingsChange = {
  readonly [K in keyof StorageSettings]?: StorageSettings[K] | null | undefined;
};

export const storageSettingsDecider: Decider<
  StorageSettingsState,
  StorageSettingsCommand,
  StorageSettingsEvent
> = {
  initial: { settings: STORAGE_DEFAULTS, s3Keys: [], revision: -1 },
  decide(command, { settings, s3Keys }) {
    const { projectId } = command;
    switch (command.kind) {
      case 'ChangeStorageSettings': {
        const changed = changeStorageSettings(settings, command.change);
        requireValid(changed);
        if (isSame(changed, settings)) return [];
        return [{ type: 'StorageSettingsChanged', data: { projectId, settings: changed, s3Keys } }];
      }
      case 'MakeS3Key': {
        const { key } = command;
        if (s3Keys.some(({ id }) => id === key.id)) return [];
        if (s3Keys.length >= MOST_S3_KEYS)
          throw new Rejection(
            'storage/too-many-s3-keys',
            `A project has at most ${MOST_S3_KEYS} S3 access keys; revoke one first.`,
          );
        const keys = [key, ...s3Keys];
        return [{ type: 'S3KeyMade', data: { projectId, keyId: key.id, settings, s3Keys: keys } }];
      }
      case 'RevokeS3Key': {
        const { keyId } = command;
        const keys = s3Keys.filter(({ id }) => id !== keyId);
        if (keys.length === s3Keys.length)
          throw new Rejection('storage/s3-key-not-found', 'The project has no such S3 access key.');
        return [{ type: 'S3KeyRevoked', data: { projectId, keyId, settings, s3Keys: keys } }];
      }
      case 'RecordVerification': {
        const versions = command.found.versions.slice(0, MOST_VERSIONS_TOLD);
        const found = { ...command.found, versions };
        return [{ type: 'FilesVerified', data: { projectId, found, settings, s3Keys } }];
      }
    }
  },
  evolve(_state, { type, data, revision }) {
    switch (type) {
      case 'StorageSettingsChanged':
      case 'S3KeyMade':
      case 'S3KeyRevoked':
      case 'FilesVerified':
        return { settings: data.settings, s3Keys: data.s3Keys, revision };
    }
  },
};

const NAMES = Object.keys(STORAGE_DEFAULTS) as (keyof StorageSettings)[];

function changeStorageSettings(now: StorageSettings, change: StorageSettingsChange): StorageSettings {
  const given = NAMES.filter((name) => change[name] !== undefined);
  const wanted = given.map((name) => [name, change[name] ?? STORAGE_DEFAULTS[name]]);
  return { ...now, ...(Object.fromEntries(wanted) as Partial<StorageSettings>) };
}

function requireValid({ fileSizeLimit, totalBytes, files }: StorageSettings): void {
  for (const [name, limit] of Object.entries({ fileSizeLimit, totalBytes, files })) {
    if (limit === null || (Number.isSafeInteger(limit) && limit >= 0)) continue;
    throw new Rejection('storage/invalid-settings', `${name} has to be a whole number from 0 on, or null.`);
  }
}

const isSame = (one: StorageSettings, other: StorageSettings): boolean =>
  NAMES.every((name) => one[name] === other[name]);
