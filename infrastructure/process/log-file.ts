import { constants, open, type FileHandle } from 'node:fs/promises';

const { O_NOFOLLOW, O_NONBLOCK } = constants;

/**
 * Opens a log in a folder that is a program's: what the program put in its place leads us, who may be root, nowhere else.
 * @param flags of `open`, never O_TRUNC: what it is shows only when it is open
 * @param owner beside us, who may own it
 * @throws it is a link, no regular file, or somebody else's
 */
export async function openLogFile(
  path: string,
  flags: number,
  owner: number | undefined,
): Promise<FileHandle> {
  // without waiting for who reads a pipe
  const file = await open(path, flags | O_NOFOLLOW | O_NONBLOCK, 0o600);
  try {
    const found = await file.stat();
    const owners = [process.getuid?.(), owner];
    // another name of it may be a file of ours
    if (found.isFile() && found.nlink === 1 && owners.includes(found.uid)) return file;
    throw new Error(`${path} is not a log of ours: remove it`);
  } catch (error) {
    await file.close();
    throw error;
  }
}
