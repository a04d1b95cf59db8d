import type { ImageTransformer } from '../ports/image-transformer.ts';
import type { SignedLinks } from '../ports/signed-links.ts';
import type { UploadSpool } from '../ports/upload-spool.ts';
import type { StoreDependencies } from './store-object.ts';

/** What the use cases of the storage service share. */
export interface StorageDependencies extends StoreDependencies {
  readonly links: SignedLinks;
  /** of uploads that come in parts */
  readonly spool: UploadSpool;
  readonly images: ImageTransformer;
}
