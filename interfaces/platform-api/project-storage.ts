import { z } from 'zod';
import {
  changeStorageSettings,
  makeS3Key,
  revokeS3Key,
  type ChangeStorageDependencies,
} from '../../application/storage/change-storage.ts';
import { loadStorageSettings } from '../../application/storage/load-storage-settings.ts';
import type { Clock } from '../../application/ports/clock.ts';
import type { S3KeyVault } from '../../application/ports/s3-keys.ts';
import { loadOwnedProject } from '../../application/project/load-project.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { ExistingProject } from '../../domain/project/project.ts';
import {
  MOST_S3_KEYS,
  type S3Key,
  type StorageSettingsState,
} from '../../domain/storage/storage-settings-decider.ts';
import {
  allowedOf,
  limitsOf,
  STORAGE_DEFAULTS,
  type StorageLimits,
  type StorageSettings,
} from '../../domain/storage/storage-settings.ts';
import { etagOf, includesRevision, parseIfMatch, parseIfNoneMatch } from '../http/etag.ts';
import { endpoint, type Endpoint } from './owner-endpoint.ts';
import { idParam } from './project-view.ts';

export interface ProjectStorageDependencies extends ChangeStorageDependencies {
  readonly clock: Clock;
  readonly s3Keys: S3KeyVault;
  /** what the platform allows each project */
  readonly limits: StorageLimits;
  /** how the gateway is reached from outside, without a slash at the end */
  readonly publicUrl: string;
}

/** Any: there is no other place to choose, and clients of S3 want one. */
const REGION = 'local';

const tags = ['storage'];
const path = '/api/projects/:id/storage/settings';
const keysPath = '/api/projects/:id/storage/s3-keys';

const count = z.int().min(0).nullable();
const settings = {
  file_size_limit: count.describe('Of one file, in bytes. null, here and below: what the platform allows.'),
  total_bytes: count.describe('Of all files together.'),
  files: count.describe('How many there may be.'),
  image_transformation: z.boolean().describe('Pictures are resized for who asks.'),
  s3: z.boolean().describe('The S3 protocol is spoken.'),
};
export const storageSettingsView = z.object(settings);
const view = z.object({
  storage_url: z.string().describe("The project's storage, as its users' apps reach it."),
  settings: storageSettingsView,
  defaults: storageSettingsView.describe('What they are of a project that nobody has set anything for.'),
  limits: z
    .object({
      file_size: z.int(),
      total_bytes: z.int().nullable(),
      files: z.int().nullable(),
    })
    .describe("What is in force: the lower of the project's and the platform's. null: no limit."),
});
const change = z.strictObject({
  file_size_limit: settings.file_size_limit.optional(),
  total_bytes: settings.total_bytes.optional(),
  files: settings.files.optional(),
  image_transformation: settings.image_transformation.nullish(),
  s3: settings.s3.nullish(),
});

export const s3KeyView = z.object({ id: z.string(), name: z.string(), made_at: z.iso.datetime() });
export const s3KeyBody = ({ id, name, madeAt }: S3Key): z.input<typeof s3KeyView> => ({
  id,
  name,
  made_at: madeAt,
});

const keyName = z.string().trim().min(1).max(100);

export const projectStorageEndpoints = (dependencies: ProjectStorageDependencies): Endpoint[] => [
  read(dependencies),
  patch(dependencies),
  listKeys(dependencies),
  makeKey(dependencies),
  revokeKey(dependencies),
];

const read = (dependencies: ProjectStorageDependencies): Endpoint =>
  endpoint({
    method: 'get',
    path,
    summary: "The settings of a project's storage",
    tags,
    auth: 'owner',
    params: idParam,
    headers: z.object({ 'if-none-match': z.string().max(500).optional() }),
    responses: { 200: view, 304: 'Not changed' },
    handler: async ({ owner, params, headers }) => {
      const { project } = await loadOwnedProject(dependencies.store, owner.id, params.id);
      const state = await loadStorageSettings(dependencies.store, project.id);
      const known = parseIfNoneMatch(headers['if-none-match']);
      if (known && includesRevision(known, changesOf(state)))
        return { status: 304, headers: { etag: etagOf(changesOf(state)) } };
      return { status: 200, ...answer(dependencies, project, state) };
    },
  });

const patch = (dependencies: ProjectStorageDependencies): Endpoint =>
  endpoint({
    method: 'patch',
    path,
    summary: "Change the settings of a project's storage",
    description:
      'What is absent stays, and null is the default again. A limit above what the platform allows is none. In force within a second; what is stored already stays.',
    tags,
    auth: 'owner',
    rate: 'document',
    params: idParam,
    headers: z.object({ 'if-match': z.string().max(200).optional() }),
    body: z.strictObject({ settings: change.optional() }),
    responses: { 200: view },
    handler: async ({ owner, params, headers, body, context }) => {
      const wanted = parseIfMatch(headers['if-match']);
      const who = { ownerId: owner.id, projectId: params.id };
      const mayFollow = (revision: number) => !wanted || includesRevision(wanted, revision + 1);
      const { file_size_limit, image_transformation, ...others } = body.settings ?? {};
      const asked = {
        fileSizeLimit: file_size_limit,
        totalBytes: others.total_bytes,
        files: others.files,
        imageTransformation: image_transformation,
        s3: others.s3,
      };
      const state = await changeStorageSettings(dependencies, who, asked, context, mayFollow);
      const { project } = await loadOwnedProject(dependencies.store, owner.id, params.id);
      return { status: 200, ...answer(dependencies, project, state) };
    },
  });

const listKeys = ({ store, publicUrl }: ProjectStorageDependencies): Endpoint =>
  endpoint({
    method: 'get',
    path: keysPath,
    summary: "A project's access keys of the S3 protocol",
    description: 'The newest first; of a secret nothing is shown.',
    tags,
    auth: 'owner',
    params: idParam,
    responses: {
      200: z.object({
        endpoint: z.string().describe('For clients of S3, with addresses by path.'),
        region: z.string(),
        s3_keys: z.array(s3KeyView),
      }),
    },
    handler: async ({ owner, params }) => {
      const { project } = await loadOwnedProject(store, owner.id, params.id);
      const { s3Keys } = await loadStorageSettings(store, project.id);
      const url = `${storageUrl(publicUrl, project.id)}/s3`;
      return { status: 200, body: { endpoint: url, region: REGION, s3_keys: s3Keys.map(s3KeyBody) } };
    },
  });

const makeKey = (dependencies: ProjectStorageDependencies): Endpoint =>
  endpoint({
    method: 'post',
    path: keysPath,
    revealsSecrets: true,
    summary: 'Make an access key of the S3 protocol',
    description: `Its secret is shown this once. Whoever has it may do in the project's storage whatever the service role may: no policy is asked. A project has at most ${MOST_S3_KEYS}.`,
    tags,
    auth: 'owner',
    rate: 'document',
    params: idParam,
    body: z.strictObject({ name: keyName }),
    responses: { 201: s3KeyView.extend({ secret: z.string() }) },
    handler: async ({ owner, params, body, context }) => {
      const who = { ownerId: owner.id, projectId: params.id };
      const { id, secret, name, madeAt } = await makeS3Key(dependencies, who, body.name, context);
      return { status: 201, body: { id, name, made_at: madeAt.toISOString(), secret } };
    },
  });

const revokeKey = (dependencies: ProjectStorageDependencies): Endpoint =>
  endpoint({
    method: 'delete',
    path: `${keysPath}/:key`,
    summary: 'Revoke an access key of the S3 protocol',
    tags,
    auth: 'owner',
    rate: 'document',
    params: idParam.extend({ key: z.string().max(100) }),
    responses: { 204: 'It is good for nothing within a second' },
    handler: async ({ owner, params, context }) => {
      await revokeS3Key(dependencies, { ownerId: owner.id, projectId: params.id }, params.key, context);
      return { status: 204 };
    },
  });

/** How often they were changed: 0 before the first time, which is no revision of a stream. */
const changesOf = ({ revision }: StorageSettingsState): number => revision + 1;

const storageUrl = (publicUrl: string, id: ProjectId): string => `${publicUrl}/project/${id}/storage/v1`;

function answer(
  { limits, publicUrl }: ProjectStorageDependencies,
  project: Pick<ExistingProject, 'id' | 'limits'>,
  state: StorageSettingsState,
) {
  const { fileBytes, totalBytes, files } = limitsOf(state.settings, allowedOf(project.limits, limits));
  return {
    headers: { etag: etagOf(changesOf(state)) },
    body: {
      storage_url: storageUrl(publicUrl, project.id),
      settings: storageSettingsBody(state.settings),
      defaults: storageSettingsBody(STORAGE_DEFAULTS),
      limits: { file_size: fileBytes, total_bytes: totalBytes, files },
    },
  };
}

export const storageSettingsBody = (all: StorageSettings): z.input<typeof storageSettingsView> => ({
  file_size_limit: all.fileSizeLimit,
  total_bytes: all.totalBytes,
  files: all.files,
  image_transformation: all.imageTransformation,
  s3: all.s3,
});
