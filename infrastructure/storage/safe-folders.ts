/**
 * Folders that are ours alone. Whoever can write in the data directory could put a symbolic link there that has us read or write
 * elsewhere: every folder on the way is looked at, and files are opened by those who never follow a link.
 */
import { constants } from 'node:fs';
import { chmod, lstat, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { Refused } from '../../application/errors.ts';
import { codeOf } from './disk-fault.ts';

const FOLDER_MODE = 0o700;
export const FILE_MODE = 0o600;

/** Makes it when it is missing, and closes it to everybody else. */
export async function ownFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: FOLDER_MODE });
  await requireFolder(path);
  await chmod(path, FOLDER_MODE);
}

/**
 * The folder below `root`, which is ours already.
 * @param make whether it is made, for good, when it is missing
 * @throws what lstat throws when it is missing and not to be made
 */
export async function folderBelow(root: string, parts: readonly string[], make: boolean): Promise<string> {
  let path = root;
  for (const part of parts) {
    const parent = path;
    path = join(parent, part);
    try {
      await requireFolder(path);
    } catch (error) {
      if (!make || codeOf(error) !== 'ENOENT') throw error;
      await makeFolder(parent, path);
    }
  }
  return path;
}

async function makeFolder(parent: string, path: string): Promise<void> {
  try {
    await mkdir(path, { mode: FOLDER_MODE });
    await syncFolder(parent);
  } catch (error) {
    // another upload was first
    if (codeOf(error) !== 'EEXIST') throw error;
    await requireFolder(path);
  }
}

async function requireFolder(path: string): Promise<void> {
  if (!(await lstat(path)).isDirectory())
    throw new Refused('something in the data directory is in the place of a folder of ours');
}

/** What was made, renamed or removed in a folder is so for good. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
