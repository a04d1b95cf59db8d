/** What owners do to the storage settings and S3 access keys of their projects. */
import { projectStorageStream } from '../../domain/project/project-id.ts';
import { traitsOf } from '../../domain/project/project-status.ts';
import { Rejection } from '../../domain/rejection.ts';
import {
  storageSettingsDecider,
  type StorageSettingsChange,
  type StorageSettingsCommand,
  type StorageSettingsState,
} from '../../domain/storage/storage-settings-decider.ts';
import { handle } from '../handle.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventMetadata, EventStore } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';
import type { S3KeyPair, S3KeyVault } from '../ports/s3-keys.ts';
import type { Who } from '../project/command-project.ts';
import { loadOwnedProject } from '../project/load-project.ts';
import { loadStorageSettings } from './load-storage-settings.ts';

export interface ChangeStorageDependencies {
  readonly store: EventStore;
  readonly ids: Ids;
}

/**
 * Repeatable: what is so already is no event.
 * @param mayFollow whether the change was thought for what is set at this revision (-1: nothing)
 * @throws {Rejection} storage/invalid-settings, project/not-found, project/not-active (it is on its way out),
 * project/revision-mismatch
 */
export async function changeStorageSettings(
  dependencies: ChangeStorageDependencies,
  who: Who,
  change: StorageSettingsChange,
  metadata: EventMetadata,
  mayFollow: (revision: number) => boolean = () => true,
): Promise<StorageSettingsState> {
  const { projectId } = who;
  await commandStorage(
    dependencies,
    who,
    { kind: 'ChangeStorageSettings', projectId, change },
    metadata,
    mayFollow,
  );
  return loadStorageSettings(dependencies.store, projectId);
}

/** @throws {Rejection} storage/too-many-s3-keys, and as {@link changeStorageSettings} @returns the only time that it is told */
export async function makeS3Key(
  dependencies: ChangeStorageDependencies & { readonly s3Keys: S3KeyVault; readonly clock: Clock },
  who: Who,
  name: string,
  metadata: EventMetadata,
): Promise<S3KeyPair & { readonly name: string; readonly madeAt: Date }> {
  const { s3Keys: vault, clock } = dependencies;
  const { projectId } = who;
  const [pair, madeAt] = [vault.make(), clock.now()];
  const key = { id: pair.id, name, sealed: vault.seal(projectId, pair), madeAt: madeAt.toISOString() };
  await commandStorage(dependencies, who, { kind: 'MakeS3Key', projectId, key }, metadata);
  return { ...pair, name, madeAt };
}

/** Good for nothing within a second. @throws {Rejection} storage/s3-key-not-found, project/not-found */
export async function revokeS3Key(
  dependencies: ChangeStorageDependencies,
  who: Who,
  keyId: string,
  metadata: EventMetadata,
): Promise<void> {
  const { projectId } = who;
  await commandStorage(dependencies, who, { kind: 'RevokeS3Key', projectId, keyId }, metadata);
}

async function commandStorage(
  { store, ids }: ChangeStorageDependencies,
  { ownerId, projectId }: Who,
  command: StorageSettingsCommand,
  metadata: EventMetadata,
  mayFollow: (revision: number) => boolean = () => true,
): Promise<void> {
  const { project } = await loadOwnedProject(store, ownerId, projectId);
  if (traitsOf(project.status).leaving)
    throw new Rejection('project/not-active', `The project is ${project.status}.`);
  const guard = ({ revision }: StorageSettingsState) => {
    if (!mayFollow(revision)) throw changedMeanwhile();
  };
  const options = { guard, lastTellsAll: true };
  await handle(
    { store, ids },
    storageSettingsDecider,
    projectStorageStream(projectId),
    command,
    metadata,
    options,
  );
}

const changedMeanwhile = () =>
  new Rejection(
    'project/revision-mismatch',
    'The storage settings have changed since you read them; read them again.',
  );
