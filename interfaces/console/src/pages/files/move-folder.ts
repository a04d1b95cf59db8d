/** Folders are nothing but the paths of files: to move or remove one is to do so with each file below it. */
import type { StorageClient } from './storage-client.ts';

/** @param path of a file, or of a folder with its slash */
export const isFolder = (path: string): boolean => path.endsWith('/');

/** How far it is, of how many. */
type Told = (done: number, all: number) => void;
type Mover = Pick<StorageClient, 'allBelow' | 'move' | 'copy'>;

/** @returns every file of these: those that are files, and those below the folders */
export async function filesOf(
  client: Pick<StorageClient, 'allBelow'>,
  bucket: string,
  paths: readonly string[],
): Promise<readonly string[]> {
  const all: string[] = [];
  for (const path of paths) all.push(...(isFolder(path) ? await client.allBelow(bucket, path) : [path]));
  return all;
}

/**
 * A file to another path, or a folder with all that is in it. What was done before a failure stays done.
 * @param how `copy` leaves what is there
 */
export async function transfer(
  client: Mover,
  how: 'move' | 'copy',
  bucket: string,
  { from, to }: { readonly from: string; readonly to: string },
  told: Told = () => {},
): Promise<void> {
  const files = await filesOf(client, bucket, [from]);
  for (const [at, file] of files.entries()) {
    told(at, files.length);
    await client[how](bucket, file, `${to}${file.slice(from.length)}`);
  }
}

/** A folder cannot go into itself. */
export const isInto = (from: string, to: string): boolean => isFolder(from) && to.startsWith(from);
