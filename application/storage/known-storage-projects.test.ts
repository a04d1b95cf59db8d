import { randomBytes } from 'node:crypto';
import { afterEach, expect, test, vi } from 'vitest';
import { STORAGE_DEFAULTS } from '../../domain/storage/storage-settings.ts';
import { MOST_S3_KEYS, type StorageSettingsEvent } from '../../domain/storage/storage-settings-decider.ts';
import type { ProjectCommand } from '../../domain/project/project.ts';
import { projectStorageStream } from '../../domain/project/project-id.ts';
import { AesS3Keys } from '../../infrastructure/crypto/aes-s3-keys.ts';
import { HmacSignedLinks } from '../../infrastructure/crypto/hmac-signed-links.ts';
import { readOrEmpty } from '../handle.ts';
import { newProject } from '../ports/databases.contract.ts';
import type { KnownProjects } from '../project/known-projects.ts';
import {
  command,
  issued,
  makeHarness,
  METADATA,
  request,
  runToRest,
  secrets,
} from '../testing/project-harness.ts';
import { changeStorageSettings, makeS3Key, revokeS3Key } from './change-storage.ts';
import { knownStorageProjects } from './known-storage-projects.ts';
import type { StorageProject } from './storage-project.ts';

const running: KnownProjects<StorageProject>[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});

const PLATFORM = { fileBytes: 1_000, totalBytes: null, files: null };

async function make(templateVersion = 15) {
  const harness = makeHarness();
  const { store, ids, clock } = harness;
  const s3Keys = new AesS3Keys(randomBytes(32));
  const links = new HmacSignedLinks(clock);
  const known = knownStorageProjects({
    store,
    secrets,
    s3Keys,
    links,
    publicUrl: 'https://db.example',
    limits: PLATFORM,
    clock,
  });
  running.push(known);
  await known.start();
  const id = newProject();
  await command(harness, id, { ...request(id), templateVersion } as ProjectCommand);
  await runToRest(harness, id);
  const who = { ownerId: 'own_test', projectId: id };
  const dependencies = { store, ids, s3Keys, clock };
  const events = async () =>
    (await readOrEmpty(store, projectStorageStream(id))) as unknown as readonly StorageSettingsEvent[];
  return { harness, known, id, who, dependencies, links, events };
}

test('a project that nobody has set anything for has the defaults, the limits of the platform and its keys', async () => {
  const { known, id, links } = await make();
  expect(await known.find(id)).toEqual({
    id,
    url: `https://db.example/project/${id}/storage/v1`,
    settings: STORAGE_DEFAULTS,
    limits: PLATFORM,
    keys: { jwtSecrets: [issued.jwtSecret], publicKeys: [] },
    linkKeys: links.keysOf(id, [issued.jwtSecret]),
    anonKeys: [expect.stringMatching(/^ey/)],
    s3Keys: new Map(),
  });
});

test('one from before there were files says what it needs', async () => {
  const { known, id } = await make(14);
  await expect(known.find(id)).rejects.toMatchObject({ code: 'project/upgrade-needed' });
});

test('settings and S3 keys are taken up, and let go of; a secret stands nowhere in the log', async () => {
  const { known, id, who, dependencies, events } = await make();
  await known.find(id);
  const key = await makeS3Key(dependencies, who, 'backups', METADATA);
  await vi.waitFor(async () =>
    expect((await known.find(id)).s3Keys).toEqual(new Map([[key.id, { id: key.id, secret: key.secret }]])),
  );
  const state = await changeStorageSettings(dependencies, who, { fileSizeLimit: 10, s3: false }, METADATA);
  expect(state).toMatchObject({ settings: { fileSizeLimit: 10, s3: false }, revision: 1 });
  await vi.waitFor(async () => expect((await known.find(id)).limits.fileBytes).toBe(10));
  expect((await known.find(id)).s3Keys.size).toBe(1);
  expect(JSON.stringify((await events()).map(({ data }) => data))).not.toContain(key.secret);
  await revokeS3Key(dependencies, who, key.id, METADATA);
  await vi.waitFor(async () => expect((await known.find(id)).s3Keys.size).toBe(0));
  expect((await known.find(id)).settings.s3).toBe(false);
});

test('links that a rotated secret has made, and its anon key, are good for its overlap', async () => {
  const { harness, known, id, links } = await make();
  const link = { scope: 'download', url: 'docs/a.txt' } as const;
  const token = links.sign((await known.find(id)).linkKeys, link, 3_600);
  const [before] = (await known.find(id)).anonKeys;
  const jwtSecret = 'n'.repeat(64);
  await command(harness, id, {
    kind: 'RotateJwtSecret',
    secrets: secrets.seal(id, { ...issued, jwtSecret }),
    overlapUntil: new Date(Date.UTC(2031, 0, 1)),
  });
  await vi.waitFor(async () => expect((await known.find(id)).keys.jwtSecrets[0]).toBe(jwtSecret));
  const { linkKeys, anonKeys } = await known.find(id);
  expect(links.read(linkKeys, token, 'download')).toEqual({ link });
  expect(anonKeys).toEqual([expect.not.stringMatching(`^${before}$`), before]);
});

test('changes at once lose nothing of each other', async () => {
  const { who, dependencies, known, id } = await make();
  const many = await Promise.all([
    changeStorageSettings(dependencies, who, { files: 5 }, METADATA),
    makeS3Key(dependencies, who, 'one', METADATA),
    makeS3Key(dependencies, who, 'two', METADATA),
    changeStorageSettings(dependencies, who, { s3: false }, METADATA),
  ]);
  expect(many).toHaveLength(4);
  const { settings, s3Keys } = await known.find(id);
  expect(settings).toMatchObject({ files: 5, s3: false });
  expect(s3Keys.size).toBe(2);
  for (let at = 2; at < MOST_S3_KEYS; at++) await makeS3Key(dependencies, who, `key ${at}`, METADATA);
  await expect(makeS3Key(dependencies, who, 'too many', METADATA)).rejects.toMatchObject({
    code: 'storage/too-many-s3-keys',
  });
});

test('who has seen another revision, and strangers, change nothing', async () => {
  const { who, dependencies, events } = await make();
  const seen = (wanted: number) => (revision: number) => revision === wanted;
  await changeStorageSettings(dependencies, who, { files: 5 }, METADATA, seen(-1));
  await expect(
    changeStorageSettings(dependencies, who, { files: 6 }, METADATA, seen(-1)),
  ).rejects.toMatchObject({
    code: 'project/revision-mismatch',
  });
  const stranger = { ...who, ownerId: 'own_other' };
  for (const work of [
    changeStorageSettings(dependencies, stranger, { files: 6 }, METADATA),
    makeS3Key(dependencies, stranger, 'x', METADATA),
    revokeS3Key(dependencies, stranger, 'x', METADATA),
  ])
    await expect(work).rejects.toMatchObject({ code: 'project/not-found' });
  expect(await events()).toHaveLength(1);
});

test.each([
  ['paused', { kind: 'PauseProject' }],
  ['deleted', { kind: 'DeleteProject', purgeAfter: new Date(Date.UTC(2031, 0, 1)) }],
] as const)('one that is %s is not served', async (_how, asked) => {
  const { harness, known, id } = await make();
  await known.find(id);
  await command(harness, id, asked);
  await vi.waitFor(() => expect(known.find(id)).rejects.toMatchObject({ code: 'project/not-active' }));
});
