/** Pictures that the storage service changes for who asks. */
import { join } from 'node:path';
import { ContainerModule } from 'inversify';
import { CachedImages } from '../../infrastructure/images/cached-images.ts';
import { SharpImages } from '../../infrastructure/images/sharp-images.ts';
import { needs } from './needs.ts';
import { filesFolder } from './open-object-store.ts';
import { TOKENS } from './tokens.ts';

const MB = 1024 * 1024;

export const imagesModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.images).toResolvedValue(
    ...needs(
      { config: TOKENS.config, machine: TOKENS.machine, log: TOKENS.log },
      ({ config, machine: { directory }, log }) =>
        // its programs end with this process
        CachedImages.open(new SharpImages(), {
          folder: join(filesFolder(config, directory.path), 'images'),
          mostBytes: config.STORAGE_IMAGE_CACHE_MB * MB,
          log,
        }),
    ),
  );
});
