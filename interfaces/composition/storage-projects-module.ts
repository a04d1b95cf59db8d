/** What the storage service knows of projects, and what the platform allows each. */
import { ContainerModule } from 'inversify';
import { knownStorageProjects } from '../../application/storage/known-storage-projects.ts';
import { AesS3Keys } from '../../infrastructure/crypto/aes-s3-keys.ts';
import { HmacSignedLinks } from '../../infrastructure/crypto/hmac-signed-links.ts';
import { needs } from './needs.ts';
import { PARTS, TOKENS } from './tokens.ts';

const MB = 1024 * 1024;

export const storageProjectsModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.s3Keys).toResolvedValue(
    ({ directory }) => new AesS3Keys(directory.masterKey),
    [TOKENS.machine],
  );
  bind(TOKENS.signedLinks).toResolvedValue((clock) => new HmacSignedLinks(clock), [TOKENS.clock]);
  bind(TOKENS.storageLimits).toResolvedValue(
    (config) => ({
      fileBytes: config.STORAGE_FILE_SIZE_MB * MB,
      totalBytes: config.STORAGE_PROJECT_SIZE_MB * MB || null,
      files: config.STORAGE_PROJECT_FILES || null,
    }),
    [TOKENS.config],
  );
  bind(TOKENS.storageProjects).toResolvedValue(
    ...needs(
      {
        store: TOKENS.store,
        secrets: TOKENS.secrets,
        s3Keys: TOKENS.s3Keys,
        links: TOKENS.signedLinks,
        limits: TOKENS.storageLimits,
        publicUrl: TOKENS.publicUrl,
        clock: TOKENS.clock,
      },
      (dependencies) => knownStorageProjects(dependencies),
    ),
  );
  bind(PARTS.storageProjects).toResolvedValue(
    (projects) => ({
      name: 'storage-projects',
      start: () => projects.start(),
      stop: () => projects.stop(),
      stopWithinMs: 2_000,
    }),
    [TOKENS.storageProjects],
  );
});
