/** What root starts: programs with users of their own. Without root they run as whoever started us, and so do tests. */
import { execFile } from 'node:child_process';
import { lchown, lstat, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { withoutCoreDumps } from './core-dumps.ts';
import { launch } from './launch.ts';
import { endProcess, isAlive } from './process-table.ts';
import { ensureSystemUser, ensureSystemUsers } from './system-user.ts';
import { takeOver } from './take-over.ts';
import { testFolder } from '../testing/folder.ts';

const SOON = { timeout: 5_000, interval: 20 };

async function sleeping(folder: Awaited<ReturnType<typeof testFolder>>, args: readonly string[]) {
  const logFile = join(folder.path, 'log');
  const launched = await launch({
    command: '/usr/bin/tail',
    args,
    cwd: folder.path,
    logFile,
    user: folder.user,
  });
  onTestFinished(async () => void (await endProcess(launched.pid, [{ signal: 'SIGKILL', waitMs: 1_000 }])));
  const commandLine = () => readFile(`/proc/${launched.pid}/cmdline`, 'utf8');
  await vi.waitFor(async () => expect(await commandLine()).toMatch(/^\/usr\/bin\/tail\0/), SOON);
  return launched;
}

describe('programs', () => {
  test('dump no core, whatever we were started with', async () => {
    const folder = await testFolder();
    onTestFinished(() => folder.remove());
    const logFile = join(folder.path, 'log');
    const args = ['-c', 'ulimit -Sc; ulimit -Hc'];
    const run = async () => {
      const { ended } = await launch({ command: '/bin/sh', args, cwd: '/', logFile, user: folder.user });
      await ended;
    };
    const ours = ['--core=unlimited', '--pid', String(process.pid)];
    // where it may be raised again
    await promisify(execFile)('prlimit', ours).catch(() => {});
    // by a limit of its own, and by ours then
    await run();
    await withoutCoreDumps();
    await run();
    expect(await readFile(logFile, 'utf8')).toBe('0\n'.repeat(4));
    expect((await promisify(execFile)('/bin/sh', args)).stdout).toBe('0\n0\n');
  });

  test('that are not there are not started', async () => {
    const folder = await testFolder();
    onTestFinished(() => folder.remove());
    const [cwd, logFile] = [folder.path, join(folder.path, 'log')];
    await expect(launch({ command: '/nowhere', args: [], cwd, logFile, user: folder.user })).rejects.toThrow(
      'ENOENT',
    );
  });
});

describe('started by root', () => {
  test('each kind of program has a user of its own', async () => {
    const users = Object.values(await ensureSystemUsers());
    const isRoot = process.getuid?.() === 0;
    expect(new Set(users.map((user) => user?.uid)).size).toBe(isRoot ? 3 : 1);
    expect(new Set(users.map((user) => user?.gid)).size).toBe(isRoot ? 3 : 1);
    for (const user of users) expect(user?.uid ?? 1).toBeGreaterThan(0);
  });

  test('a folder of another user is taken over, and what ran in it is ended', async () => {
    const [folder, next] = [await testFolder('postgres'), await ensureSystemUser('pgbouncer')];
    onTestFinished(() => folder.remove());
    // without root there is nobody else to take from
    if (!folder.user || !next) return;
    const inside = join(folder.path, 'inside');
    await mkdir(join(inside, 'deep'), { recursive: true, mode: 0o700 });
    await writeFile(join(folder.path, 'outside'), 'not ours');
    await writeFile(join(inside, 'deep', 'file'), '', { mode: 0o600 });
    await symlink(join(folder.path, 'outside'), join(inside, 'link'));
    for (const name of ['deep/file', 'deep', 'link', ''])
      await lchown(join(inside, name), folder.user.uid, folder.user.gid);
    const within = await sleeping(folder, ['-f', join(inside, 'deep', 'file')]);
    const beside = await sleeping(folder, ['-f', join(folder.path, 'outside')]);
    await takeOver(inside, next);
    expect([await isAlive(within.pid), await isAlive(beside.pid)]).toEqual([false, true]);
    for (const name of ['deep/file', 'deep', 'link', ''])
      expect((await lstat(join(inside, name))).uid).toBe(next.uid);
    expect((await lstat(join(folder.path, 'outside'))).uid).toBe(0);
  });
});
