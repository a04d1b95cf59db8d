import { randomBytes } from 'node:crypto';
import { afterEach, expect, test, vi } from 'vitest';
import { AUTH_DEFAULTS, NO_AUTH_SECRETS, type AuthSettings } from '../../domain/auth/auth-settings.ts';
import { authSettingsDecider } from '../../domain/auth/auth-settings-decider.ts';
import type { ProjectCommand } from '../../domain/project/project.ts';
import {
  projectAccessStream,
  projectAuthStream,
  projectId,
  projectStream,
  type ProjectId,
} from '../../domain/project/project-id.ts';
import { AesAuthSecretVault } from '../../infrastructure/crypto/aes-auth-secret-vault.ts';
import { Unavailable } from '../errors.ts';
import { handle } from '../handle.ts';
import type { EventStore } from '../ports/event-store.ts';
import { newProject } from '../ports/databases.contract.ts';
import {
  command,
  issued,
  makeHarness,
  METADATA,
  request,
  runToRest,
  secrets,
  signingKeys,
  type Harness,
} from '../testing/project-harness.ts';
import type { KnownProjects, KnownProjectsLimits } from '../project/known-projects.ts';
import type { AuthProject } from './auth-project.ts';
import { knownAuthProjects } from './known-auth-projects.ts';

const running: KnownProjects<AuthProject>[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});

const vault = new AesAuthSecretVault(randomBytes(32));
const MAX_AGE_MS = 1_000;

/** The log as somebody between may have it: counted, held up, away. */
class Between {
  readonly store: EventStore;
  readonly reads: string[] = [];
  /** of reads of streams that begin now, after they have happened in the log */
  held: Promise<unknown> = Promise.resolve();
  away = false;
  /** what subscriptions are told of is not delivered before */
  delivery: Promise<unknown> = Promise.resolve();
  heads = 0;

  constructor(store: EventStore) {
    const when = async <T>(work: () => Promise<T>): Promise<T> => {
      if (this.away) throw new Unavailable('read the log');
      return work();
    };
    this.store = {
      capabilities: store.capabilities,
      append: (...given) => store.append(...given),
      readAll: (given) => when(() => store.readAll(given)),
      readStream: (stream, options) => {
        this.reads.push(stream);
        const { held } = this;
        return when(async () => {
          const found = await store.readStream(stream, options).catch((error: unknown) => error as Error);
          await held;
          if (found instanceof Error) throw found;
          return found;
        });
      },
      subscribe: (options, onBatch) =>
        store.subscribe(options, async (batch) => {
          await this.delivery;
          await onBatch(batch);
        }),
      head: () => {
        this.heads++;
        return when(() => store.head());
      },
      verifyChain: (options) => store.verifyChain(options),
      verifyEvent: (place) => store.verifyEvent(place),
      close: () => store.close(),
    };
  }
}

async function makeKnown(limits: Partial<KnownProjectsLimits> = {}) {
  const harness = makeHarness();
  const between = new Between(harness.store);
  const { clock } = harness;
  const known = knownAuthProjects(
    { store: between.store, secrets, signingKeys, vault, publicUrl: 'https://db.example', clock },
    limits,
  );
  running.push(known);
  const pass = (ms: number) => clock.jumpTo(new Date(clock.now().getTime() + ms));
  return { harness, between, known, pass };
}

async function served(harness: Harness, templateVersion = 14): Promise<ProjectId> {
  const id = newProject();
  await command(harness, id, { ...request(id), templateVersion } as ProjectCommand);
  await runToRest(harness, id);
  return id;
}

const set = (harness: Harness, id: ProjectId, change: Partial<AuthSettings>, smtpPassword?: string) =>
  handle(
    harness,
    authSettingsDecider,
    projectAuthStream(id),
    {
      kind: 'ChangeAuthSettings',
      projectId: id,
      settings: { ...AUTH_DEFAULTS, ...change },
      secrets: smtpPassword === undefined ? null : vault.seal(id, { ...NO_AUTH_SECRETS, smtpPassword }),
    },
    METADATA,
  );

test('a project that nobody has set anything for has the defaults, its own address and its keys', async () => {
  const { harness, known } = await makeKnown();
  const id = await served(harness);
  expect(await known.find(id)).toEqual({
    id,
    url: `https://db.example/project/${id}/auth/v1`,
    siteUrl: `https://db.example/project/${id}`,
    settings: AUTH_DEFAULTS,
    secrets: NO_AUTH_SECRETS,
    keys: { project: id, jwtSecrets: [issued.jwtSecret], publicKeys: [], signingKey: null },
  });
});

test('a project whose database has no users yet says what it needs', async () => {
  const { harness, known } = await makeKnown();
  const id = await served(harness, 13);
  await expect(known.find(id)).rejects.toMatchObject({ code: 'project/upgrade-needed' });
});

test('what is set is there with its secrets, and the last of many changes is what counts', async () => {
  const { harness, between, known } = await makeKnown();
  const id = await served(harness);
  for (const accessTokenSeconds of [60, 61, 62]) await set(harness, id, { accessTokenSeconds });
  const siteUrl = 'https://shop.example';
  await set(harness, id, { signUpsOpen: false, siteUrl }, 'hunter2');
  const found = await known.find(id);
  expect(found.settings).toEqual({ ...AUTH_DEFAULTS, signUpsOpen: false, siteUrl });
  expect([found.siteUrl, found.secrets.smtpPassword]).toEqual([siteUrl, 'hunter2']);
  expect(between.reads).toEqual([projectStream(id), projectAuthStream(id)]);
});

test('the log is read once, however many ask, and again when a project or its settings change', async () => {
  const { harness, between, known } = await makeKnown();
  const [id, other] = [await served(harness), await served(harness)];
  await known.start();
  await Promise.all(Array.from({ length: 20 }, () => known.find(id)));
  await known.find(id);
  await known.find(other);
  expect(between.reads).toHaveLength(4);
  await set(harness, id, { signUpsOpen: false });
  await vi.waitFor(async () => expect((await known.find(id)).settings.signUpsOpen).toBe(false));
  await command(harness, id, {
    kind: 'RotateJwtSecret',
    secrets: secrets.seal(id, { ...issued, jwtSecret: 'n'.repeat(64) }),
    overlapUntil: new Date(Date.UTC(2031, 0, 1)),
  });
  await runToRest(harness, id);
  const rotated = ['n'.repeat(64), issued.jwtSecret];
  await vi.waitFor(async () => expect((await known.find(id)).keys.jwtSecrets).toEqual(rotated));
  await known.find(other);
  expect(between.reads.filter((stream) => stream.endsWith(other))).toHaveLength(2);
});

test('what signs is what the REST API knows already, of a key and of a rotated secret', async () => {
  const { harness, known } = await makeKnown();
  const id = await served(harness);
  await known.start();
  const [now, overlapUntil] = [new Date(0), new Date(Date.UTC(2031, 0, 1))];
  const key = await signingKeys.make(id, 'ES256');
  const { kid } = key.publicKey;
  const jwtSecret = 'n'.repeat(64);
  const changes: readonly ProjectCommand[] = [
    { kind: 'RotateJwtSecret', secrets: secrets.seal(id, { ...issued, jwtSecret }), overlapUntil },
    { kind: 'ChangeSigningKey', key, overlapUntil, now },
  ];
  const look = async (secret: string, signs: string | undefined, good: readonly string[]) => {
    const wanted = [secret, signs, good];
    await vi.waitFor(async () => {
      const { keys } = await known.find(id);
      const held = keys.publicKeys.map((one) => one.kid);
      expect([keys.jwtSecrets[0], keys.signingKey?.kid, held]).toEqual(wanted);
    });
  };
  await command(harness, id, changes[0]!);
  await look(issued.jwtSecret, undefined, []);
  await runToRest(harness, id);
  await look(jwtSecret, undefined, []);
  await command(harness, id, changes[1]!);
  await look(jwtSecret, undefined, [kid]);
  await runToRest(harness, id);
  await look(jwtSecret, kid, [kid]);
  expect((await known.find(id)).keys.signingKey).toEqual(signingKeys.open(id, key));
});

test.each([
  ['paused', { kind: 'PauseProject' }, 'project/not-active'],
  ['deleted', { kind: 'DeleteProject', purgeAfter: new Date(Date.UTC(2031, 0, 1)) }, 'project/not-active'],
  ['purged', { kind: 'PurgeProject' }, 'project/not-found'],
] as const)('one that is %s is refused at once, and that is remembered, too', async (_how, asked, code) => {
  const { harness, between, known } = await makeKnown();
  const id = await served(harness);
  await known.start();
  await known.find(id);
  await command(harness, id, asked);
  await vi.waitFor(() => expect(known.find(id)).rejects.toMatchObject({ code: 'project/not-active' }));
  await runToRest(harness, id);
  await vi.waitFor(() => expect(known.find(id)).rejects.toMatchObject({ code }));
  const { length } = between.reads;
  await expect(known.find(id)).rejects.toMatchObject({ code });
  expect(between.reads).toHaveLength(length);
});

test('one that sleeps is served', async () => {
  const { harness, known } = await makeKnown();
  const id = await served(harness);
  await command(harness, id, { kind: 'SleepProject', idleSince: new Date(0) });
  await runToRest(harness, id);
  expect((await known.find(id)).id).toBe(id);
});

test('while the subscription is behind nothing older than a second is handed out', async () => {
  const { harness, between, known, pass } = await makeKnown();
  const id = await served(harness);
  await known.start();
  await known.find(id);
  const comesBack = Promise.withResolvers<void>();
  between.delivery = comesBack.promise;
  for (const accessTokenSeconds of [100, 200]) {
    await set(harness, id, { accessTokenSeconds });
    pass(MAX_AGE_MS);
    expect((await known.find(id)).settings).toMatchObject({ accessTokenSeconds });
  }
  comesBack.resolve();
  await set(harness, id, { accessTokenSeconds: 300 });
  await vi.waitFor(async () => expect((await known.find(id)).settings.accessTokenSeconds).toBe(300));
});

test('nor when there was so much in between that it is not read', async () => {
  const { harness, between, known, pass } = await makeKnown();
  const [id, busy] = [await served(harness), await served(harness)];
  await known.start();
  await known.find(id);
  const comesBack = Promise.withResolvers<void>();
  between.delivery = comesBack.promise;
  const noise = { type: 'ApiKeysRevealed', data: { projectId: busy, with: 'keys' }, metadata: METADATA };
  const many = Array.from({ length: 1_000 }, () => ({ id: harness.ids.uuid(), ...noise }));
  await harness.store.append(projectAccessStream(busy), 'none', many);
  await set(harness, id, { signUpsOpen: false });
  pass(MAX_AGE_MS);
  expect((await known.find(id)).settings.signUpsOpen).toBe(false);
  comesBack.resolve();
});

test('while nothing changes the log is asked twice a second at most, and no stream is read', async () => {
  const { harness, between, known, pass } = await makeKnown();
  const id = await served(harness);
  await known.start();
  await known.find(id);
  const { heads, reads } = between;
  const streams = reads.length;
  for (let at = 0; at < 1_000; at++) {
    await known.find(id);
    pass(10);
  }
  expect(between.heads - heads).toBeLessThanOrEqual(20);
  expect(reads).toHaveLength(streams);
});

test('while the log is away what was known last is handed out, and news when it is back', async () => {
  const { harness, between, known, pass } = await makeKnown();
  const [id, other] = [await served(harness), await served(harness)];
  await known.find(id);
  await set(harness, id, { signUpsOpen: false });
  between.away = true;
  pass(MAX_AGE_MS);
  expect((await known.find(id)).settings.signUpsOpen).toBe(true);
  await expect(known.find(other)).rejects.toThrow(Unavailable);
  between.away = false;
  pass(MAX_AGE_MS);
  expect((await known.find(id)).settings.signUpsOpen).toBe(false);
  expect((await known.find(other)).id).toBe(other);
});

test('what an event overtakes while it is read is not kept', async () => {
  const { harness, between, known } = await makeKnown();
  const id = await served(harness);
  await known.start();
  const slow = Promise.withResolvers<void>();
  between.held = slow.promise;
  const early = known.find(id);
  await vi.waitFor(() => expect(between.reads).toContain(projectStream(id)));
  between.held = Promise.resolve();
  await command(harness, id, { kind: 'PauseProject' });
  // whoever comes after the news does not wait for what was begun before
  await vi.waitFor(() => {
    void known.find(id).catch(() => {});
    expect(between.reads.filter((stream) => stream === projectStream(id))).toHaveLength(2);
  });
  await expect(known.find(id)).rejects.toMatchObject({ code: 'project/not-active' });
  slow.resolve();
  expect((await early).id).toBe(id);
  await expect(known.find(id)).rejects.toMatchObject({ code: 'project/not-active' });
});

test('a project that comes to be is found, though it was asked for before', async () => {
  const { harness, known } = await makeKnown();
  const id = newProject();
  await known.start();
  await expect(known.find(id)).rejects.toMatchObject({ code: 'project/not-found' });
  await command(harness, id, { ...request(id), templateVersion: 14 } as ProjectCommand);
  await runToRest(harness, id);
  await vi.waitFor(async () => expect((await known.find(id)).id).toBe(id));
});

test('ids that are no projects cost a bounded number of reads, and those that are known stay served', async () => {
  const { harness, between, known, pass } = await makeKnown({ strangersPerSecond: 50, mostAbsent: 100 });
  const id = await served(harness);
  await known.start();
  await known.find(id);
  const before = between.reads.length;
  const nobody = (at: number) => projectId(`proj_${at.toString(16).padStart(16, '0')}`);
  const ask = (at: number) =>
    known.find(nobody(at)).then(
      () => 'found',
      (error: unknown) => (error as Error).name,
    );
  const answers = await Promise.all(Array.from({ length: 1_000 }, (_, at) => ask(at)));
  expect(answers.filter((name) => name === 'Rejection')).toHaveLength(49);
  expect(answers.filter((name) => name === 'Unavailable')).toHaveLength(951);
  expect(between.reads.length - before).toBe(49);
  expect((await known.find(id)).id).toBe(id);
  // the same again costs nothing
  expect(await ask(0)).toBe('Rejection');
  pass(1_000);
  await set(harness, id, {});
  await set(harness, id, { signUpsOpen: false });
  expect((await known.find(id)).settings.signUpsOpen).toBe(false);
  const later = await Promise.all(Array.from({ length: 1_000 }, (_, at) => ask(1_000 + at)));
  expect(later.filter((name) => name === 'Rejection')).toHaveLength(50);
});

test('the ones not asked for longest go first when there are too many, or they are too large', async () => {
  for (const limits of [{ mostProjects: 2 }, { mostCharacters: 10_000 }]) {
    const { harness, between, known } = await makeKnown(limits);
    const [first, second, third] = [await served(harness), await served(harness), await served(harness)];
    for (const id of [first, second, third]) {
      await set(harness, id, {
        allowedRedirects: [`https://${'a'.repeat(1_800)}`, `https://${'b'.repeat(1_800)}`],
      });
    }
    const reads = async (id: ProjectId) => {
      const before = between.reads.length;
      await known.find(id);
      return between.reads.length - before;
    };
    expect([await reads(first), await reads(second), await reads(first)]).toEqual([2, 2, 0]);
    expect(await reads(third)).toBe(2);
    expect([await reads(first), await reads(second)]).toEqual([0, 2]);
  }
});
