import { mkdir, statfs } from 'node:fs/promises';

/** How large the disk is that a folder is on, whatever is on it by now, in MiB. The folder is made when it is missing. */
export async function diskSizeMb(folder: string): Promise<number> {
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const { blocks, bsize } = await statfs(folder);
  return Math.floor((blocks * bsize) / 2 ** 20);
}
