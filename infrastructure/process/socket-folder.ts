/** Folders of unix sockets: who may enter one reaches the program that listens there, and nobody else does. */
import { createHash } from 'node:crypto';
import { chmod, chown, lstat, mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Refused } from '../../application/errors.ts';
import type { SystemUser } from './system-user.ts';

/** A socket's whole path has room for 103 bytes on macOS, 107 on Linux; its name takes up to 15. */
const LONGEST = 88;

/** The folder itself, or one that stands for it where its path is too long for a socket. */
export function socketFolder(wanted: string): string {
  if (Buffer.byteLength(wanted) <= LONGEST) return wanted;
  const name = `launchdb-${createHash('sha256').update(wanted).digest('hex').slice(0, 16)}`;
  return join(process.getuid?.() === 0 && process.platform === 'linux' ? '/run' : tmpdir(), name);
}

/**
 * Makes the folder, for the program's user and those of another one's group; without users for ourselves alone.
 * @throws {Refused} somebody else has made it before
 */
export async function ensureSocketFolder(
  path: string,
  user: SystemUser | undefined,
  guests: SystemUser | undefined,
): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const found = await lstat(path);
  // in a folder that all may write in somebody else may have been first; root's is none of these
  const us = process.getuid?.();
  if (!found.isDirectory() || (us !== 0 && found.uid !== us)) {
    throw new Refused(`${path} is somebody else's; remove it, then start again`);
  }
  if (user) await chown(path, user.uid, guests?.gid ?? user.gid);
  await chmod(path, guests ? 0o710 : 0o700);
}
