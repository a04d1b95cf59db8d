import { link, mkdtemp, mkdir, open, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LogRotation } from './log-rotation.ts';
import { quietLog } from '../testing/folder.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'launchdb-logs-'));
  await mkdir(join(folder, 'postgres'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const rotation = () => new LogRotation({ folder, log: quietLog, maxBytes: 1_000 });

test('a log that has grown too large is cut while it is written to; its end is kept', async () => {
  const path = join(folder, 'postgres', 'postgres.log');
  const program = await open(path, 'a');
  try {
    await program.write('small');
    await rotation().rotate();
    expect(await readFile(path, 'utf8')).toBe('small');
    await program.write(`${'x'.repeat(5_000_000)}the end`);
    await rotation().rotate();
    expect((await stat(path)).size).toBe(0);
    expect(await readFile(`${path}.1`, 'utf8')).toMatch(/^x{993}the end$/);
    await program.write('and on');
    expect(await readFile(path, 'utf8')).toBe('and on');
  } finally {
    await program.close();
  }
});

test('a link in the folder of a program is not followed, and what is no log is left alone', async () => {
  const elsewhere = join(folder, 'elsewhere');
  await writeFile(elsewhere, 'y'.repeat(2_000));
  await symlink(elsewhere, join(folder, 'postgres', 'trap.log'));
  await link(elsewhere, join(folder, 'postgres', 'other-name.log'));
  await writeFile(join(folder, 'postgres', 'z.log'), 'z'.repeat(2_000));
  await link(elsewhere, join(folder, 'postgres', 'z.log.1'));
  await writeFile(join(folder, 'postgres', 'data'), 'z'.repeat(2_000));
  await rotation().rotate();
  expect(await readFile(elsewhere, 'utf8')).toBe('y'.repeat(2_000));
  expect((await stat(join(folder, 'postgres', 'data'))).size).toBe(2_000);
});
