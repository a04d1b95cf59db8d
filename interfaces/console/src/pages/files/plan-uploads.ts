import type { LocalFile } from './dropped-files.ts';
import { freeName, storablePath } from './object-paths.ts';
import type { NewUpload } from './upload-queue.ts';

/** Where files that were chosen go, under names that the storage takes, each of them another. */
export function planUploads(
  bucket: string,
  folder: string,
  files: readonly LocalFile[],
): { readonly uploads: readonly NewUpload[]; readonly renamed: number } {
  const taken = new Set<string>();
  let renamed = 0;
  const uploads = files.map(({ path: given, file }): NewUpload => {
    const path = freeName(`${folder}${storablePath(given)}`, (one) => taken.has(one));
    taken.add(path);
    if (path !== `${folder}${given}`) renamed++;
    return { bucket, path, file, replaces: false };
  });
  return { uploads, renamed };
}
