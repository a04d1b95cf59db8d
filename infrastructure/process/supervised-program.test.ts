import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { launch, type Launched } from './launch.ts';
import { isAlive } from './process-table.ts';
import { SupervisedProgram, type ProgramSpec } from './supervised-program.ts';
import { quietLog, testFolder, type TestFolder } from '../testing/folder.ts';

let folder: TestFolder;
beforeAll(async () => {
  folder = await testFolder();
});
afterAll(() => folder.remove());

const ENDING = [{ signal: 'SIGKILL', waitMs: 5_000 }] as const;
const launched: number[] = [];

async function sleeper(): Promise<Launched> {
  const { path, user } = folder;
  const log = join(path, 'log');
  const one = await launch({ command: '/bin/sleep', args: ['600'], cwd: path, logFile: log, user });
  launched.push(one.pid);
  return one;
}

function program(spec: Partial<ProgramSpec> = {}): SupervisedProgram {
  return new SupervisedProgram({
    name: 'sleep',
    log: quietLog,
    find: () => Promise.resolve(undefined),
    launch: sleeper,
    ready: () => Promise.resolve(),
    ending: ENDING,
    ...spec,
  });
}

const newest = (): number => launched.at(-1) ?? 0;
const never = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    const abort = () => reject(signal.reason as Error);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort);
  });

test('killed it is started again; stopped it stays away', async () => {
  const one = program();
  expect(await one.start()).toEqual({ adopted: false });
  const first = one.pid ?? 0;
  process.kill(first, 'SIGKILL');
  await vi.waitFor(() => expect(one.pid ?? first).not.toBe(first), { timeout: 10_000 });
  await one.stop();
  expect(one.pid).toBeUndefined();
  expect(await isAlive(newest())).toBe(false);
});

test('stopped while a restart gets ready, nothing is left running', async () => {
  let starts = 0;
  const one = program({ ready: (_pid, signal) => (starts++ === 0 ? Promise.resolve() : never(signal)) });
  await one.start();
  process.kill(one.pid ?? 0, 'SIGKILL');
  await vi.waitFor(() => expect(starts).toBe(2), { timeout: 10_000 });
  expect(one.pid).toBeUndefined();
  await one.stop();
  expect(await isAlive(newest())).toBe(false);
});

test('stopped while a restart is being launched, nothing is left running', async () => {
  let starts = 0;
  const gate = Promise.withResolvers<void>();
  const one = program({
    launch: async () => {
      if (starts++ > 0) await gate.promise;
      return sleeper();
    },
  });
  await one.start();
  process.kill(one.pid ?? 0, 'SIGKILL');
  await vi.waitFor(() => expect(starts).toBe(2), { timeout: 10_000 });
  const stopped = one.stop();
  gate.resolve();
  await stopped;
  expect(await isAlive(newest())).toBe(false);
});

test('stopped while it starts, the start fails and nothing is left running', async () => {
  const one = program({ ready: (_pid, signal) => never(signal) });
  const before = launched.length;
  const started = one.start().then(() => 'started', String);
  await vi.waitFor(() => expect(launched.length).toBeGreaterThan(before), { timeout: 30_000 });
  await one.stop();
  expect(await started).toContain('was stopped while it started');
  expect(await isAlive(newest())).toBe(false);
});

test('one that ends while it starts is not taken for ready, whoever answered', async () => {
  const failing = () =>
    launch({
      command: '/bin/sh',
      args: ['-c', 'exit 1'],
      cwd: folder.path,
      logFile: join(folder.path, 'log'),
      user: undefined,
    });
  const one = program({
    launch: failing,
    // somebody else answers on its port, a moment after it has ended
    ready: (_pid, signal) => never(signal).catch(() => {}),
  });
  await expect(one.start()).rejects.toThrow('ended while it started');
  expect(one.pid).toBeUndefined();
});

test('one that was found is adopted, watched and replaced when it ends', async () => {
  const stranger = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
  const found = stranger.pid ?? 0;
  const one = program({ find: () => Promise.resolve(found) });
  expect(await one.start()).toEqual({ adopted: true });
  expect(one.pid).toBe(found);
  process.kill(found, 'SIGKILL');
  await vi.waitFor(() => expect(one.pid ?? found).not.toBe(found), { timeout: 10_000 });
  await one.stop();
  expect(await isAlive(newest())).toBe(false);
});

test('one that was found and does not answer is left alone', async () => {
  const stranger = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
  const found = stranger.pid ?? 0;
  const one = program({
    find: () => Promise.resolve(found),
    ready: () => Promise.reject(new Error('no answer')),
  });
  await expect(one.start()).rejects.toThrow('no answer');
  expect(one.pid).toBeUndefined();
  expect(await isAlive(found)).toBe(true);
  stranger.kill('SIGKILL');
});

test('one that was found on its way out is started afresh', async () => {
  const stranger = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
  const found = stranger.pid ?? 0;
  let asked = 0;
  const one = program({
    find: () => Promise.resolve(found),
    ready: async (_pid, signal) => {
      if (asked++ > 0) return;
      stranger.kill('SIGKILL');
      await never(signal);
    },
  });
  expect(await one.start()).toEqual({ adopted: false });
  expect(one.pid).toBe(newest());
  await one.stop();
});
