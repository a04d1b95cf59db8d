import { beforeEach, expect, test, vi } from 'vitest';
import type { NewUpload } from './upload-queue.ts';
import { UnfinishedUploads } from './unfinished-uploads.ts';

const KEY = 'launchdb.uploads.proj_1';
const PLACE = '/storage/v1/upload/resumable/abc';
let kept: Map<string, string>;
let now: number;
const storage = () => ({
  getItem: (key: string) => kept.get(key) ?? null,
  setItem: (key: string, value: string) => void kept.set(key, value),
});
const uploads = (project = 'proj_1') => new UnfinishedUploads(storage(), project, () => now);
const upload = (path: string, text = '12345', lastModified = 7): NewUpload => ({
  bucket: 'b',
  path,
  file: new File([text], path, { lastModified }),
  replaces: false,
});

beforeEach(() => {
  kept = new Map();
  now = 1_000;
});

test('the same file to the same place is found after the page was read anew, and no other is', () => {
  uploads().keep(upload('a.bin'), PLACE, 3);
  expect(uploads().find(upload('a.bin'))).toMatchObject({ place: PLACE, sent: 3, size: 5 });
  const others = [upload('b.bin'), upload('a.bin', '123456'), upload('a.bin', '12345', 8)];
  expect(others.map((one) => uploads().find(one))).toEqual([undefined, undefined, undefined]);
  expect(uploads().find({ ...upload('a.bin'), bucket: 'c' })).toBeUndefined();
  expect(uploads().find({ ...upload('a.bin'), replaces: true })).toBeUndefined();
  expect(uploads('proj_2').find(upload('a.bin'))).toBeUndefined();
});

test('one that goes on is kept once, with how far it is; one that has ended is forgotten', () => {
  const all = uploads();
  all.keep(upload('a.bin'), PLACE, 1);
  all.keep(upload('b.bin'), `${PLACE}2`, 1);
  all.keep(upload('a.bin'), PLACE, 4);
  expect(all.snapshot().map(({ path, sent }) => `${path} ${sent}`)).toEqual(['a.bin 4', 'b.bin 1']);
  expect(all.snapshot()).toBe(all.snapshot());
  const heard = vi.fn<() => void>();
  all.subscribe(heard);
  all.forget({ bucket: 'b', path: 'a.bin' });
  expect([all.snapshot().map(({ path }) => path), heard.mock.calls.length]).toEqual([['b.bin'], 1]);
});

test('after a day it is of no use any more', () => {
  uploads().keep(upload('a.bin'), PLACE, 1);
  now += 24 * 3_600_000;
  expect(uploads().snapshot()).toEqual([]);
});

test('what somebody else wrote there leads nowhere', () => {
  uploads().keep(upload('a.bin'), PLACE, 1);
  const [good] = uploads().snapshot();
  for (const place of ['https://evil.example/', '/storage/v1/object/b/x', `${PLACE}/../../x`, 7]) {
    kept.set(KEY, JSON.stringify([{ ...good, place }, null, 3]));
    expect(uploads().snapshot()).toEqual([]);
  }
  for (const text of ['{', '{}', 'null']) {
    kept.set(KEY, text);
    expect(uploads().snapshot()).toEqual([]);
  }
});

test('a storage that is full or closed stops nothing', () => {
  const refuse = () => {
    throw new Error('closed');
  };
  const all = new UnfinishedUploads({ getItem: refuse, setItem: refuse }, 'proj_1');
  all.keep(upload('a.bin'), PLACE, 1);
  expect(all.find(upload('a.bin'))).toBeUndefined();
});
