import type { FolderPage, StoredFile } from './storage-client.ts';
import { isShown } from './use-files.ts';

/** A row of a folder: a folder in it, whose path ends with a slash, or a file. */
export interface Entry {
  readonly path: string;
  /** null: a folder */
  readonly file: StoredFile | null;
}

/** Folders of a page come before its files. */
export const entriesOf = (pages: readonly FolderPage[]): readonly Entry[] =>
  pages.flatMap(({ folders, files }) => [
    ...folders.map((path): Entry => ({ path, file: null })),
    ...files.filter(isShown).map((file): Entry => ({ path: file.path, file })),
  ]);
