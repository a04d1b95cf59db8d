/** Pictures that the storage service changes for who asks. */
import { join } from 'node:path';
import { ContainerModule } from 'inversify';
import { CachedImages } from '../../infrastructure/images/cached-images.ts';
import { SharpImages } from '../../infrastructure/images/sharp-images.ts';
import type { Collector, Metrics } from '../http/metrics.ts';
import { countedImages } from '../storage/count-answers.ts';
import { needs } from './needs.ts';
import { filesFolder } from './open-object-store.ts';
import { TOKENS } from './tokens.ts';

const MB = 1024 * 1024;

export const imagesModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.images).toResolvedValue(
    ...needs(
      { config: TOKENS.config, machine: TOKENS.machine, log: TOKENS.log, metrics: TOKENS.metrics },
      async ({ config, machine: { directory }, log, metrics }) => {
        // its programs end with this process
        const sharp = new SharpImages();
        const images = await CachedImages.open(countedImages(sharp, metrics.storage), {
          folder: join(filesFolder(config, directory.path), 'images'),
          mostBytes: config.STORAGE_IMAGE_CACHE_MB * MB,
          log,
        });
        metrics.collectFrom(load(metrics, sharp, images));
        return images;
      },
    ),
  );
});

const load = ({ pictures }: Metrics, sharp: SharpImages, images: CachedImages): Collector => ({
  name: 'pictures',
  sets: [pictures.now, pictures.keptBytes],
  collect() {
    const { running, waiting } = sharp.load;
    pictures.now.set({ state: 'running' }, running);
    pictures.now.set({ state: 'waiting' }, waiting);
    pictures.keptBytes.set(images.bytes);
    return Promise.resolve();
  },
});
