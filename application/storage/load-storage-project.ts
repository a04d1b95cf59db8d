import type { ProjectId } from '../../domain/project/project-id.ts';
import type { ExistingProject } from '../../domain/project/project.ts';
import { requireServed } from '../../domain/project/project-status.ts';
import { Rejection } from '../../domain/rejection.ts';
import { allowedOf, limitsOf, type StorageLimits } from '../../domain/storage/storage-settings.ts';
import { verifyingKeysOf } from '../desired/desired-project.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { S3KeyVault } from '../ports/s3-keys.ts';
import type { Secrets } from '../ports/secrets.ts';
import type { SignedLinks } from '../ports/signed-links.ts';
import { loadKeptProject } from '../project/load-project.ts';
import { loadStorageSettings } from './load-storage-settings.ts';
import type { StorageProject } from './storage-project.ts';

export interface LoadStorageProjectDependencies {
  readonly store: EventStore;
  readonly secrets: Secrets;
  readonly s3Keys: S3KeyVault;
  readonly links: SignedLinks;
  /** how the gateway is reached from outside, without a slash at the end */
  readonly publicUrl: string;
  /** what the platform allows each project */
  readonly limits: StorageLimits;
}

/** from this one on there are the tables of files */
const FILES_SINCE_TEMPLATE = 15;

/** By the log, as it is now. @throws {Rejection} project/not-found, project/not-active, project/upgrade-needed */
export async function loadStorageProject(
  { store, secrets, s3Keys: vault, links, publicUrl, limits }: LoadStorageProjectDependencies,
  id: ProjectId,
): Promise<StorageProject> {
  const project = await loadKeptProject(store, id);
  requireServed(project);
  if (project.templateVersion < FILES_SINCE_TEMPLATE)
    throw new Rejection(
      'project/upgrade-needed',
      'The database of the project has no place for files yet: it is of an earlier version. Whoever runs the platform brings it up (launchdb upgrade).',
    );
  const { settings, s3Keys } = await loadStorageSettings(store, id);
  const keys = verifyingKeysOf(secrets, project);
  return {
    id,
    url: `${publicUrl}/project/${id}/storage/v1`,
    settings,
    limits: limitsOf(settings, allowedOf(project.limits, limits)),
    keys,
    anonKeys: await anonKeysOf(secrets, project),
    linkKeys: links.keysOf(id, keys.jwtSecrets),
    s3Keys: new Map(s3Keys.map((key) => [key.id, vault.open(id, key.id, key.sealed)])),
  };
}

/** Those of before a rotation, too, for as long as they are good. */
async function anonKeysOf(
  secrets: Secrets,
  { id, secrets: sealed, keysIssuedAt, previousKeys }: ExistingProject,
): Promise<readonly string[]> {
  const issued = [{ secrets: sealed, issuedAt: keysIssuedAt }, ...(previousKeys ? [previousKeys] : [])];
  const keys = issued.map(
    async (each) =>
      each.issuedAt && (await secrets.apiKeys(id, secrets.open(id, each.secrets), each.issuedAt)).anonKey,
  );
  return (await Promise.all(keys)).filter((key) => key !== undefined);
}
