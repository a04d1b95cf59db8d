import { expect, test } from 'vitest';
import { projectId } from '../project/project-id.ts';
import {
  MOST_S3_KEYS,
  storageSettingsDecider,
  type S3Key,
  type StorageSettingsChange,
  type StorageSettingsCommand,
  type StorageSettingsEvent,
  type StorageSettingsState,
} from './storage-settings-decider.ts';
import { allowedOf, limitsOf, STORAGE_DEFAULTS } from './storage-settings.ts';

const id = projectId('proj_0123456789abcdef');
const key = (at: number): S3Key => ({
  id: `KEY${at}`,
  name: `key ${at}`,
  sealed: { keyVersion: 1, ciphertext: `sealed ${at}` },
  madeAt: '2026-11-29T12:00:00.000Z',
});

/** What is so after these commands, by the last event alone. */
function after(commands: readonly StorageSettingsCommand[]) {
  let state: StorageSettingsState = storageSettingsDecider.initial;
  const events: StorageSettingsEvent[] = [];
  for (const command of commands)
    for (const event of storageSettingsDecider.decide(command, state)) {
      events.push(event);
      state = storageSettingsDecider.evolve(storageSettingsDecider.initial, {
        ...event,
        revision: events.length - 1,
        recordedAt: new Date(0),
      });
    }
  return { state, events };
}
const change = (wanted: StorageSettingsChange) =>
  ({ kind: 'ChangeStorageSettings', projectId: id, change: wanted }) as const;
const make = (at: number) => ({ kind: 'MakeS3Key', projectId: id, key: key(at) }) as const;
const revoke = (at: number) => ({ kind: 'RevokeS3Key', projectId: id, keyId: key(at).id }) as const;

test('what is absent stays, null is the default again, and what is so already is no event', () => {
  const { state, events } = after([
    change({}),
    change({ s3: true, files: null }),
    change({ fileSizeLimit: 100, s3: false }),
    change({ files: 0, fileSizeLimit: undefined }),
    change({ files: 0, s3: false }),
    change({ s3: null }),
  ]);
  expect(events.map(({ type }) => type)).toEqual(Array(3).fill('StorageSettingsChanged'));
  expect(state).toEqual({
    settings: { ...STORAGE_DEFAULTS, fileSizeLimit: 100, files: 0 },
    s3Keys: [],
    revision: 2,
  });
});

test.each([-1, 1.5, 2 ** 53, Infinity, NaN])('%d is no limit', (limit) => {
  for (const name of ['fileSizeLimit', 'totalBytes', 'files'])
    expect(() => after([change({ [name]: limit })])).toThrow(
      expect.objectContaining({ code: 'storage/invalid-settings' }),
    );
});

test('each event has all that is set: settings keep the keys, and keys the settings', () => {
  const { state, events } = after([
    make(1),
    change({ files: 5 }),
    make(2),
    make(2),
    revoke(1),
    change({ s3: false }),
  ]);
  expect(events.map(({ type }) => type)).toEqual([
    'S3KeyMade',
    'StorageSettingsChanged',
    'S3KeyMade',
    'S3KeyRevoked',
    'StorageSettingsChanged',
  ]);
  expect(events[2]?.data.s3Keys.map(({ name }) => name)).toEqual(['key 2', 'key 1']);
  expect(state).toEqual({
    settings: { ...STORAGE_DEFAULTS, files: 5, s3: false },
    s3Keys: [key(2)],
    revision: 4,
  });
});

test('there are so many keys and no more; one that there is not cannot be revoked', () => {
  const all = Array.from({ length: MOST_S3_KEYS }, (_, at) => make(at));
  const { state } = after(all);
  expect(state.s3Keys).toHaveLength(MOST_S3_KEYS);
  expect(() => after([...all, make(99)])).toThrow(
    expect.objectContaining({ code: 'storage/too-many-s3-keys' }),
  );
  expect(after([...all, revoke(3), make(99)]).state.s3Keys[0]).toEqual(key(99));
  expect(() => after([make(1), revoke(2)])).toThrow(
    expect.objectContaining({ code: 'storage/s3-key-not-found' }),
  );
});

test('an owner may want less than the platform allows, and gets no more', () => {
  const none = { fileBytes: 1_000, totalBytes: null, files: null };
  const some = { fileBytes: 1_000, totalBytes: 5_000, files: 10 };
  const less = { ...STORAGE_DEFAULTS, fileSizeLimit: 10, totalBytes: 20, files: 0 };
  const more = { ...STORAGE_DEFAULTS, fileSizeLimit: 2_000, totalBytes: 6_000, files: 11 };
  expect(limitsOf(STORAGE_DEFAULTS, none)).toEqual(none);
  expect(limitsOf(STORAGE_DEFAULTS, some)).toEqual(some);
  for (const platform of [none, some])
    expect(limitsOf(less, platform)).toEqual({ fileBytes: 10, totalBytes: 20, files: 0 });
  expect(limitsOf(more, some)).toEqual(some);
  expect(limitsOf(more, none)).toEqual({ fileBytes: 1_000, totalBytes: 6_000, files: 11 });
});

test('what a verification found stands beside what is set, and changes nothing of it', () => {
  const found = {
    files: 30,
    bytes: 4_000,
    missing: 25,
    different: 0,
    unknown: 1,
    versions: Array.from({ length: 25 }, (_, at) => `version ${at}`),
    isWhole: true,
  };
  const { state, events } = after([
    change({ fileSizeLimit: 100 }),
    make(1),
    { kind: 'RecordVerification', projectId: id, found },
  ]);
  expect(state).toMatchObject({ settings: { fileSizeLimit: 100 }, s3Keys: [{ id: 'KEY1' }], revision: 2 });
  expect(events.at(-1)).toMatchObject({
    type: 'FilesVerified',
    data: { found: { ...found, versions: found.versions.slice(0, 20) } },
  });
});

test('the operator may give one project more or less than all others, or no limit at all', () => {
  const platform = { fileBytes: 1_000, totalBytes: 5_000, files: 10 };
  expect(allowedOf({}, platform)).toEqual(platform);
  expect(allowedOf({ storageSizeMb: null, files: null }, platform)).toEqual(platform);
  expect(allowedOf({ storageSizeMb: 3, files: 7 }, platform)).toEqual({
    fileBytes: 1_000,
    totalBytes: 3 * 1024 * 1024,
    files: 7,
  });
  expect(allowedOf({ storageSizeMb: 0, files: 0 }, platform)).toEqual({
    fileBytes: 1_000,
    totalBytes: null,
    files: null,
  });
});
