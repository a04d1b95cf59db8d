import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readFolder } from './migration-folder.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'launchdb-migrations-'));
});
afterEach(() => rm(folder, { recursive: true }));

const refused = (text: string) =>
  expect(readFolder(folder)).rejects.toMatchObject({ name: 'Refused', message: text });

test('a link that leads nowhere, or in a circle, is named', async () => {
  const path = join(folder, '0001_a.sql');
  await symlink(join(folder, 'nowhere'), path);
  await refused(`${path} is a link to a file that is not there`);
  await rm(path);
  await symlink(path, path);
  await refused(`${path} cannot be read`);
});

test('what is no file, or no text, is named; a link to a file is one', async () => {
  const path = join(folder, '0001_a.sql');
  await mkdir(path);
  await refused(`${path} is not a file`);
  await rm(path, { recursive: true });
  await writeFile(path, Buffer.from([0xff, 0xfe]));
  await refused(`${path} is not text in UTF-8`);
  await rm(path);
  await writeFile(join(folder, 'elsewhere'), 'SELECT 1');
  await symlink(join(folder, 'elsewhere'), path);
  expect(await readFolder(folder)).toMatchObject([{ version: 1, sql: 'SELECT 1' }]);
});
