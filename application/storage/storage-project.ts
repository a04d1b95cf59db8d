import type { ProjectId } from '../../domain/project/project-id.ts';
import type { StorageLimits, StorageSettings } from '../../domain/storage/storage-settings.ts';
import type { S3KeyPair } from '../ports/s3-keys.ts';
import type { VerifyingKeys } from '../ports/secrets.ts';
import type { LinkKeys } from '../ports/signed-links.ts';

/** A project as the storage service knows it. */
export interface StorageProject {
  readonly id: ProjectId;
  /** of its storage, as its users reach it: `https://host/project/<id>/storage/v1` */
  readonly url: string;
  readonly settings: StorageSettings;
  /** what the platform and the settings allow, together */
  readonly limits: StorageLimits;
  /** of API keys and users' tokens */
  readonly keys: VerifyingKeys;
  readonly linkKeys: LinkKeys;
  /** its anon keys: by one of them a user's token signs requests of the S3 protocol */
  readonly anonKeys: readonly string[];
  /** by their ids */
  readonly s3Keys: ReadonlyMap<string, S3KeyPair>;
}

export interface StorageProjects {
  /**
   * As of now, or of a second ago; while the log is away, as it was last known.
   * @throws {Rejection} project/not-found; project/not-active: it is paused, or on its way out; project/upgrade-needed
   * @throws {Unavailable} the log is away, or too many projects are asked for that nobody here has heard of
   */
  find(id: ProjectId): Promise<StorageProject>;
}
