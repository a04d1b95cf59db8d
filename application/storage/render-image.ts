import type { StoredObject } from '../../domain/storage/stored-object.ts';
import type { ImageTransformation } from '../../domain/storage/image-transformation.ts';
import {
  ImageRefused,
  type ImageFault,
  type ImageTransformer,
  type TransformedImage,
} from '../ports/image-transformer.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { asItIsNow, versionOf } from './open-object.ts';
import { StorageError, type StorageErrorCode } from './storage-error.ts';
import type { StoringProject } from './store-object.ts';

const REFUSALS: Readonly<Record<ImageFault, readonly [StorageErrorCode, string]>> = {
  type: ['InvalidMimeType', 'Only JPEG, PNG, WebP, GIF and AVIF can be transformed'],
  broken: ['InvalidRequest', 'The picture is broken'],
  animated: ['InvalidRequest', 'Animated pictures cannot be transformed'],
  large: ['EntityTooLarge', 'The picture has too many bytes or pixels to be transformed'],
  slow: ['InvalidRequest', 'The picture takes too long to be transformed'],
};

export interface RenderDependencies {
  readonly bytes: ObjectStore;
  readonly images: ImageTransformer;
}

/**
 * The picture of an object as it is now.
 * @param find its row, again for each try
 * @throws {StorageError} NoSuchKey; InvalidMimeType, InvalidRequest, EntityTooLarge: it cannot be changed
 * @throws {Unavailable} too many wait for it already
 */
export async function renderImage(
  { bytes, images }: RenderDependencies,
  { id }: Pick<StoringProject, 'id'>,
  find: () => Promise<StoredObject>,
  transformation: ImageTransformation,
  signal?: AbortSignal,
): Promise<{ readonly object: StoredObject; readonly image: TransformedImage }> {
  return asItIsNow(find, async (object) => {
    const version = versionOf(object);
    const open = (until: AbortSignal) => bytes.open(id, version, undefined, until);
    try {
      return {
        object,
        image: await images.transform({ project: id, version, open }, transformation, signal),
      };
    } catch (error) {
      if (error instanceof ImageRefused) throw new StorageError(...REFUSALS[error.fault]);
      throw error;
    }
  });
}
