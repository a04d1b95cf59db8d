import { lstat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Refused } from '../../application/errors.ts';
import { ensureSocketFolder, socketFolder } from './socket-folder.ts';
import { ensureSystemUser } from './system-user.ts';
import { testFolder } from '../testing/folder.ts';

test('a path that is too long for a socket is stood for by a short one, always the same', () => {
  const long = `/srv/${'ä'.repeat(60)}`;
  expect(socketFolder('/srv/short')).toBe('/srv/short');
  expect(socketFolder(long)).toBe(socketFolder(long));
  expect(socketFolder(long)).not.toBe(socketFolder(`${long}2`));
  expect(Buffer.byteLength(socketFolder(long))).toBeLessThan(88);
});

test('the folder is the program’s, its guests may enter, and a link is not taken for it', async () => {
  const folder = await testFolder('pgbouncer');
  onTestFinished(() => folder.remove());
  const guests = await ensureSystemUser('postgrest');
  const path = join(folder.path, 'socket');
  for (const mode of [guests ? 0o710 : 0o700, 0o700]) {
    await ensureSocketFolder(path, folder.user, mode === 0o710 ? guests : undefined);
    const made = await lstat(path);
    expect(made.mode & 0o777).toBe(mode);
    if (folder.user) expect(made.uid).toBe(folder.user.uid);
    if (mode === 0o710) expect(made.gid).toBe(guests?.gid);
  }
  const link = join(folder.path, 'link');
  await symlink(path, link);
  await expect(ensureSocketFolder(link, folder.user, guests)).rejects.toThrow(Refused);
});
