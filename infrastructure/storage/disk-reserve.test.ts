import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { StoreFull } from '../../application/ports/object-store.ts';
import { DiskReserve, roomOn, type DiskRoom } from './disk-reserve.ts';
import { TemporaryFiles } from './temporary-files.ts';

const GIB = 1024 ** 3;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'launchdb-reserve-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A disk and a clock that go nowhere by themselves. */
function disk(bytes: number) {
  const state = { freeBytes: bytes, nowMs: 0, looks: 0 };
  const room = (): Promise<DiskRoom> => {
    state.looks++;
    return Promise.resolve({ bytes, freeBytes: state.freeBytes });
  };
  return { state, reserve: new DiskReserve(room, () => state.nowMs) };
}

test.each([
  ['a twentieth', 100 * GIB, 5 * GIB],
  ['10 GiB at most', 1_000 * GIB, 10 * GIB],
])('%s of the disk is left to others', async (_title, bytes, kept) => {
  const { state, reserve } = disk(bytes);
  state.freeBytes = kept;
  await reserve.require();
  state.nowMs = 1_000;
  state.freeBytes = kept - 1;
  await expect(reserve.require()).rejects.toThrow(StoreFull);
  // what is given back is there at once
  state.freeBytes = kept;
  await reserve.require();
});

test('where there was room a second ago nobody looks again; where many ask at once one look is for all', async () => {
  const { state, reserve } = disk(100 * GIB);
  await Promise.all([reserve.require(), reserve.require()]);
  state.freeBytes = 0;
  state.nowMs = 999;
  await reserve.require();
  expect(state.looks).toBe(1);
  state.nowMs = 1_000;
  await expect(reserve.require()).rejects.toThrow(StoreFull);
});

test('files stop before it, also those that are on their way', async () => {
  const { state, reserve } = disk(100 * GIB);
  const files = await TemporaryFiles.open(join(folder, 'temporary'), undefined, reserve);
  const file = await files.create();
  const bytes = () => Buffer.alloc(1_000);
  async function* inTwo() {
    yield bytes();
    state.freeBytes = 0;
    state.nowMs += 1_000;
    yield bytes();
  }
  await expect(file.fill(Readable.from(inTwo()))).rejects.toThrow(StoreFull);
  await expect(files.create()).rejects.toThrow(StoreFull);
  state.freeBytes = 100 * GIB;
  const other = await files.create();
  expect((await other.fill(Readable.from([bytes()]))).size).toBe(1_000);
  await Promise.all([file.discard(), other.discard()]);
});

test('of a real disk it is known how large it is, and what of it is free', async () => {
  const { bytes, freeBytes } = await roomOn(folder);
  expect(bytes).toBeGreaterThan(0);
  expect(freeBytes).toBeGreaterThanOrEqual(0);
  expect(freeBytes).toBeLessThanOrEqual(bytes);
});
