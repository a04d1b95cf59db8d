/** What the log tells of the past of a project: its settings at any moment, who changed them, and that it is true. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PlatformUnderTest } from './platform-under-test.ts';

interface Entry {
  readonly position: string;
  readonly event_id: string;
  readonly causation_id: string | null;
  readonly type: string;
  readonly text: string;
  readonly recorded_at: string;
  readonly hash: string;
}
interface Opened {
  readonly entry: Entry & { readonly data: Record<string, unknown> };
  readonly verification: { readonly state: string; readonly chained: boolean };
  readonly cause: Entry | null;
  readonly effects: readonly Entry[];
}
interface State {
  readonly at: string;
  readonly project: {
    readonly status: string;
    readonly display_name: string;
    readonly settings: { readonly data_api: { readonly max_rows: number } };
  };
  readonly auth_settings: {
    readonly autoconfirm: boolean;
    readonly smtp: { readonly password: string | null } | null;
  };
  readonly storage_settings: { readonly s3: boolean };
  readonly s3_keys: readonly { readonly name: string }[];
  readonly signing_keys: readonly object[];
}
interface Moment {
  readonly at: string;
  readonly position: string;
  readonly type: string;
  readonly text: string;
  readonly stands_for: number;
}

let platform: PlatformUnderTest;
let token: string;
let stranger: string;
let id: string;

beforeAll(async () => {
  platform = await PlatformUnderTest.create();
  await platform.start();
  [token, stranger] = [await platform.owner('past'), await platform.owner('stranger')];
  const made = await platform.call<{ id: string }>('POST', '/api/projects', {
    token,
    body: { name: 'shop' },
  });
  ({ id } = made.body);
});
afterAll(() => platform.close());

const call = async <T>(method: string, path: string, body?: unknown, as = token) => {
  const answer = await platform.call<T>(method, path, { token: as, ...(body !== undefined && { body }) });
  return { status: answer.status, body: answer.body };
};
const below = (path: string) => `/api/projects/${id}${path}`;
const newest = async (type: string) =>
  (await call<{ entries: readonly Entry[] }>('GET', below(`/audit?limit=1&type=${type}`))).body.entries[0]!;
const stateAt = (at: string) => call<State>('GET', below(`/state?at=${encodeURIComponent(at)}`));
const opened = (position: string, as = token) =>
  call<Opened>('GET', `/api/audit/entries/${position}`, undefined, as);

test('whoever revealed the keys is found, and what the settings were then', async () => {
  const smtp = { host: 'mail.example.com', sender_email: 'shop@example.com', password: 'hunter2' };
  await call('PATCH', below('/auth/settings'), { settings: { autoconfirm: true, smtp } });
  await call('PATCH', below(''), { settings: { data_api: { max_rows: 500 } } });
  await call('POST', below('/storage/s3-keys'), { name: 'backup' });
  await call('GET', below('/keys'));
  await call('PATCH', below('/auth/settings'), { settings: { autoconfirm: false, smtp: null } });
  await call('PATCH', below(''), { settings: { data_api: { max_rows: 20 } } });
  await call('PATCH', below('/storage/settings'), { settings: { s3: false } });

  const revealed = await newest('ApiKeysRevealed');
  expect(revealed.text).toBe('The API keys were shown');
  const then = await stateAt(revealed.recorded_at);
  expect(then).toMatchObject({
    status: 200,
    body: {
      at: revealed.recorded_at,
      project: {
        status: 'active',
        settings: { data_api: { max_rows: 500 } },
        usage: { storage_bytes: null },
      },
      auth_settings: { autoconfirm: true, smtp: { host: 'mail.example.com', password: 'set' } },
      storage_settings: { s3: true },
      s3_keys: [{ name: 'backup' }],
      signing_keys: [{ kid: null, status: 'signs' }],
    },
  });
  const now = await call<State>('GET', below('/state'));
  expect(now.body).toMatchObject({
    project: { settings: { data_api: { max_rows: 20 } } },
    auth_settings: { autoconfirm: false, smtp: null },
    storage_settings: { s3: false },
  });
  expect(JSON.stringify([then.body, now.body])).not.toMatch(/hunter2|ciphertext|sealed/);
});

test('before there was the project there is no state of it', async () => {
  const { at } = (await call<{ moments: readonly Moment[] }>('GET', below('/moments'))).body.moments[0]!;
  expect((await stateAt(at)).body.project.status).toBe('provisioning');
  expect((await stateAt(new Date(new Date(at).getTime() - 1).toISOString())).status).toBe(404);
  expect((await call('GET', below('/state?at=yesterday'))).status).toBe(400);
});

test('moments are what can be stepped through; each has a state of its own', async () => {
  const { moments, total } = (
    await call<{ moments: readonly Moment[]; total: number }>('GET', below('/moments'))
  ).body;
  expect(moments.map(({ type }) => type)).toEqual([
    'ProjectRequested',
    'ProjectActivated',
    'AuthSettingsChanged',
    'DataApiSettingsChanged',
    'S3KeyMade',
    'AuthSettingsChanged',
    'DataApiSettingsChanged',
    'StorageSettingsChanged',
  ]);
  expect(total).toBe(moments.length);
  expect(moments[3]?.text).toBe("The REST API's settings were changed (at most 500 rows; schemas public)");
  const rows = await Promise.all(moments.map(async ({ at }) => (await stateAt(at)).body.project.settings));
  expect(rows.map(({ data_api: { max_rows } }) => max_rows)).toEqual([
    1000, 1000, 1000, 500, 500, 500, 20, 20,
  ]);
  const some = (await call<{ moments: readonly Moment[] }>('GET', below('/moments?most=3'))).body.moments;
  expect(some.map(({ stands_for }) => stands_for)).toEqual([3, 3, 2]);
});

test('an opened entry tells its cause and its effects, and that it is as it was written', async () => {
  const request = await newest('ProjectRequested');
  const { body } = await opened(request.position);
  expect(body.verification).toEqual({ state: 'intact', chained: platform.store === 'postgres' });
  expect(body.entry).toMatchObject({ ...request, data: { name: 'shop' } });
  expect(body.cause).toBeNull();
  expect(body.effects.map(({ type }) => type)).toEqual(['DatabaseCreated']);
  const effect = (await opened(body.effects[0]!.position)).body;
  expect(effect.cause?.event_id).toBe(request.event_id);
  expect(JSON.stringify([body, effect])).not.toMatch(/ciphertext|sealed/);
  for (const nothing of ['0', '999999999999999999']) expect((await opened(nothing)).status).toBe(404);
  expect((await opened('x')).status).toBe(400);
});

test('an entry that somebody has changed in the log is shown as changed', async () => {
  // the other store lets nobody change anything
  if (platform.store !== 'postgres') return;
  const { position } = await newest('DataApiSettingsChanged');
  const change = (from: string, to: string) =>
    platform.sql(
      `DO $$ BEGIN ALTER TABLE log.events DISABLE TRIGGER ALL;
       UPDATE log.events SET data = replace(data, '${from}', '${to}') WHERE position = ${position};
       ALTER TABLE log.events ENABLE ALWAYS TRIGGER events_stay; END $$`,
      [],
      'launchdb',
    );
  await change('"maxRows":20', '"maxRows":21');
  const { body } = await opened(position);
  expect(body.verification.state).toBe('altered');
  expect(body.entry.data).toMatchObject({ dataApi: { maxRows: 21 } });
  await change('"maxRows":21', '"maxRows":20');
  expect((await opened(position)).body.verification.state).toBe('intact');
});

test('new entries are asked for by the position of the last one; a file has all of them', async () => {
  const all = (await call<{ entries: readonly Entry[] }>('GET', below('/audit?limit=500'))).body.entries;
  const after = async () =>
    (await call<{ entries: readonly Entry[] }>('GET', below(`/audit?after=${all[0]!.position}`))).body
      .entries;
  expect(await after()).toEqual([]);
  await call('PATCH', below(''), { display_name: 'Shop' });
  expect((await after()).map(({ text }) => text)).toEqual(['The display name became "Shop"']);
  const file = await fetch(`${platform.url}${below('/audit?format=ndjson&type=ProjectRenamed')}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  expect(file.headers.get('content-disposition')).toBe(`attachment; filename="audit-${id}.ndjson"`);
  expect((await file.text()).trim().split('\n')).toHaveLength(1);
  const sheet = await fetch(`${platform.url}${below('/audit?format=csv&type=ProjectRenamed')}`, {
    headers: { authorization: `Bearer ${token}` },
  });
  expect([sheet.headers.get('content-disposition'), sheet.headers.get('content-type')]).toEqual([
    `attachment; filename="audit-${id}.csv"`,
    'text/csv; charset=utf-8; header=present',
  ]);
  const [names, line, ...rest] = (await sheet.text()).split('\r\n');
  expect(names?.replaceAll('"', '').split(',').slice(0, 4)).toEqual([
    'position',
    'recorded_at',
    'type',
    'text',
  ]);
  expect(line).toContain(',"ProjectRenamed","The display name became ""Shop""","owner",');
  expect(line).toContain('"{""displayName"":""Shop""}"');
  expect(rest).toEqual(['']);
});

test('of another owner nothing is told', async () => {
  for (const path of ['/state', '/moments'])
    expect((await call('GET', below(path), undefined, stranger)).status).toBe(404);
  const { position } = await newest('ProjectRenamed');
  expect((await opened(position, stranger)).status).toBe(404);
  expect((await platform.call('GET', below('/state'), {})).status).toBe(401);
});
