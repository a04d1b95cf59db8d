/** Where the bytes of projects' files are kept: on the disk, or at a server that speaks S3. */
import { join, resolve } from 'node:path';
import type { ObjectStore } from '../../application/ports/object-store.ts';
import { DiskObjectStore } from '../../infrastructure/storage/disk-object-store.ts';
import { S3ObjectStore } from '../../infrastructure/storage/s3-object-store.ts';
import { TemporaryFiles } from '../../infrastructure/storage/temporary-files.ts';
import type { Config } from '../config.ts';

/** Of this machine; with S3, of what is on its way there. */
export const filesFolder = (config: Config, dataDirectory: string): string =>
  config.STORAGE_DIR === undefined ? join(dataDirectory, 'files') : resolve(config.STORAGE_DIR);

export async function openObjectStore(config: Config, dataDirectory: string): Promise<ObjectStore> {
  const folder = filesFolder(config, dataDirectory);
  const {
    STORAGE_S3_BUCKET: bucket,
    STORAGE_S3_ACCESS_KEY_ID: id,
    STORAGE_S3_SECRET_ACCESS_KEY: secret,
  } = config;
  if (bucket === undefined) return DiskObjectStore.open(folder);
  const prefix = config.STORAGE_S3_PREFIX;
  return new S3ObjectStore(
    {
      endpoint: config.STORAGE_S3_ENDPOINT,
      region: config.STORAGE_S3_REGION,
      bucket,
      prefix: prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`,
      pathStyle: config.STORAGE_S3_PATH_STYLE === 'on',
      accessKeyId: id ?? '',
      secretAccessKey: secret ?? '',
    },
    await TemporaryFiles.open(join(folder, 'temporary')),
  );
}
