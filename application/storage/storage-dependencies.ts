import type { SignedLinks } from '../ports/signed-links.ts';
import type { StoreDependencies } from './store-object.ts';

/** What the use cases of the storage service share. */
export interface StorageDependencies extends StoreDependencies {
  readonly links: SignedLinks;
}
