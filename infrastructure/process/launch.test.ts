import { execFileSync } from 'node:child_process';
import { chown, link, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { launch } from './launch.ts';

let folder: string;
let logFile: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'launchdb-launch-'));
  logFile = join(folder, 'program.log');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const speak = async () => {
  const what = { command: '/bin/echo', args: ['said'], cwd: folder, logFile, user: undefined };
  await (
    await launch(what)
  ).ended;
};

test('what a program says is appended to its log', async () => {
  await speak();
  await speak();
  expect(await readFile(logFile, 'utf8')).toBe('said\nsaid\n');
});

test.each([
  ['a link', (elsewhere: string) => symlink(elsewhere, logFile)],
  ['another name of it', (elsewhere: string) => link(elsewhere, logFile)],
])("%s in the log's place leads to no other file", async (_, put) => {
  const elsewhere = join(folder, 'elsewhere');
  await writeFile(elsewhere, 'as it was');
  await put(elsewhere);
  await expect(speak()).rejects.toThrow(logFile);
  expect(await readFile(elsewhere, 'utf8')).toBe('as it was');
});

test('a link to what is not there makes nothing', async () => {
  await symlink(join(folder, 'nowhere'), logFile);
  await expect(speak()).rejects.toThrow('ELOOP');
  await expect(readFile(join(folder, 'nowhere'))).rejects.toThrow('ENOENT');
});

test('a pipe is refused at once', async () => {
  execFileSync('mkfifo', [logFile]);
  await expect(speak()).rejects.toThrow('ENXIO');
});

test("a file of somebody else's is refused", async () => {
  await writeFile(logFile, '');
  // only root can give one away
  const isRoot = process.getuid?.() === 0;
  if (isRoot) await chown(logFile, 54_321, 54_321);
  const outcome = await speak().then(() => 'started', String);
  expect(outcome).toMatch(isRoot ? 'is not a log of ours' : 'started');
});
