/** What the storage service knows of projects, and what the platform allows each. */
import { ContainerModule } from 'inversify';
import { knownStorageProjects } from '../../application/storage/known-storage-projects.ts';
import { AesS3Keys } from '../../infrastructure/crypto/aes-s3-keys.ts';
import { HmacSignedLinks } from '../../infrastructure/crypto/hmac-signed-links.ts';
import { diskSizeMb } from '../../infrastructure/process/disk-size.ts';
import type { Config } from '../config.ts';
import { needs } from './needs.ts';
import { PARTS, TOKENS } from './tokens.ts';

const MB = 1024 * 1024;
/** how many projects fill the disk at the least */
const SHARES_OF_DISK = 5;

export const storageProjectsModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.s3Keys).toResolvedValue(
    ({ directory }) => new AesS3Keys(directory.masterKey),
    [TOKENS.machine],
  );
  bind(TOKENS.signedLinks).toResolvedValue((clock) => new HmacSignedLinks(clock), [TOKENS.clock]);
  bind(TOKENS.storageLimits).toResolvedValue(
    async (config) => ({
      fileBytes: config.STORAGE_FILE_SIZE_MB * MB,
      totalBytes: (await projectFilesMb(config)) * MB || null,
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

/** On our own disk nobody shall fill it alone. */
async function projectFilesMb({
  STORAGE_PROJECT_SIZE_MB: given,
  STORAGE_S3_BUCKET: bucket,
  STORAGE_DIR,
  LAUNCHDB_DATA_DIR,
}: Config): Promise<number> {
  if (given !== undefined || bucket !== undefined) return given ?? 0;
  return Math.floor((await diskSizeMb(STORAGE_DIR ?? LAUNCHDB_DATA_DIR)) / SHARES_OF_DISK);
}
