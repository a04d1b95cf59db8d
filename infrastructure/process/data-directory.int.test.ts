import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Refused } from '../../application/errors.ts';
import { openDataDirectory } from './data-directory.ts';
import { processIdentity } from './process-table.ts';

let path: string;
beforeEach(async () => {
  path = await mkdtemp(join(tmpdir(), 'launchdb-data-'));
});
afterEach(() => rm(path, { recursive: true, force: true }));

test('a new folder gets a private master key and keeps it', async () => {
  const first = await openDataDirectory(path, undefined);
  expect((await stat(join(path, 'master.key'))).mode & 0o777).toBe(0o600);
  await first.release();
  const second = await openDataDirectory(path, undefined);
  expect(second.masterKey).toEqual(first.masterKey);
  expect(second.masterKey).toHaveLength(32);
  await second.release();
});

test('a folder in use is refused; one whose user was killed is not', async () => {
  const other = spawn('sleep', ['60']);
  await writeFile(join(path, 'launchdb.pid'), (await processIdentity(other.pid ?? 0)) ?? '');
  await expect(openDataDirectory(path, undefined)).rejects.toThrow(`process ${other.pid}`);
  const ended = new Promise((resolve) => other.once('exit', resolve));
  other.kill('SIGKILL');
  await ended;
  await (await openDataDirectory(path, undefined)).release();
  // a pid that was used again by somebody else locks nothing
  await writeFile(join(path, 'launchdb.pid'), `${process.pid} 1`);
  await (await openDataDirectory(path, undefined)).release();
});

test('a copy of a folder in use is called one, and says what to do; a copy of one that was closed opens', async () => {
  const original = await openDataDirectory(path, undefined);
  const copy = `${path}-copy`;
  try {
    await cp(path, copy, { recursive: true });
    // by another process, as long as the one that holds the original is there
    await expect(openDataDirectory(copy, undefined)).rejects.toThrow(
      /is a copy of a folder .* copy the folder again/,
    );
    await rm(join(copy, 'launchdb.pid'));
    await (await openDataDirectory(copy, undefined)).release();
    await rm(copy, { recursive: true });
    await original.release();
    await cp(path, copy, { recursive: true });
    await (await openDataDirectory(copy, undefined)).release();
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
});

test('a foreign or damaged folder is refused and left as it is', async () => {
  await writeFile(join(path, 'letter.txt'), 'dear reader');
  await expect(openDataDirectory(path, undefined)).rejects.toThrow(Refused);
  expect(await readdir(path)).toEqual(['letter.txt']);
  await writeFile(join(path, 'launchdb.json'), '{"format":');
  await expect(openDataDirectory(path, undefined)).rejects.toThrow(/damaged/);
  expect(await readFile(join(path, 'launchdb.json'), 'utf8')).toBe('{"format":');
});

test('another master key is refused, and the right one still opens it', async () => {
  await (await openDataDirectory(path, 'ab'.repeat(32))).release();
  await expect(openDataDirectory(path, 'cd'.repeat(32))).rejects.toThrow(/another master key/);
  await expect(openDataDirectory(path, undefined)).rejects.toThrow(/missing/);
  const again = await openDataDirectory(path, 'ab'.repeat(32));
  expect(Buffer.from(again.masterKey).toString('hex')).toBe('ab'.repeat(32));
  await again.release();
});
