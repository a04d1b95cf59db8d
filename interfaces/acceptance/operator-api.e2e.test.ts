/** The operator's API beside the operator's command: the same facts, by tokens of its own. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { PlatformUnderTest } from './platform-under-test.ts';

const READS = [
  'capacity',
  'pools',
  'data-apis',
  'views',
  'background',
  'drift',
  'failures',
  'audit',
  'tokens',
  'projects',
  'rollouts',
  'work',
  'parked',
  'invites',
];

let platform: PlatformUnderTest;
let owner: string;
let token: string;
/** by the first start */
let printed: string;
let project: string;

beforeAll(async () => {
  platform = await PlatformUnderTest.create({ SIGNUP: 'invite' });
  await platform.start();
  printed = platform.output;
  token = await platform.operatorToken();
  owner = await platform.owner('operated', (await api<Invite>('POST', 'invites', {})).body.code);
  const made = await platform.call<{ id: string }>('POST', '/api/projects', {
    token: owner,
    body: { name: 'shop' },
  });
  project = made.body.id;
});
afterAll(() => platform.close());

const api = <T = Record<string, unknown>>(method: string, path: string, body?: unknown, shown = token) =>
  platform.call<T>(method, `/api/operator/${path}`, { token: shown, ...(body !== undefined && { body }) });

interface Invite {
  readonly code: string;
}
interface Page {
  readonly tokens: readonly { readonly id: string; readonly name: string; readonly current: boolean }[];
}
interface Work {
  readonly work: string;
  readonly state: string;
  readonly by: string;
  readonly result: unknown;
}
/** found by a view, which may be a moment behind */
const stuck = async () => (await api<{ projects: object[] }>('GET', 'failures')).body.projects;
const workNamed = async (name: string) => {
  const { body } = await api<{ work: readonly Work[] }>('GET', 'work');
  return body.work.find(({ work }) => work === name);
};
const ended = (name: string) =>
  vi.waitFor(
    async () => {
      const work = await workNamed(name);
      expect(work?.state).toBe('done');
      return work;
    },
    { timeout: 60_000, interval: 200 },
  );
const status = async () => {
  const { output } = await platform.launchdb('status', '--json');
  return JSON.parse(output) as Record<string, unknown>;
};

describe('tokens', () => {
  test('the first start shows one, once; where something keeps what is printed, how to make it', () => {
    expect(printed.split('ldo_')).toHaveLength(platform.separate ? 1 : 2);
    expect(printed.includes('launchdb.ts operator-token')).toBe(platform.separate);
  });

  test('the first one opens everything; nothing else does', async () => {
    for (const path of READS) {
      expect([path, (await api('GET', path)).status]).toEqual([path, 200]);
      for (const other of [owner, '', `${token}x`, token.slice(0, -1), 'ldo_', `ldb_${token.slice(4)}`])
        expect([path, (await api('GET', path, undefined, other)).status]).toEqual([path, 401]);
      expect((await platform.call('GET', `/api/operator/${path}`)).status).toBe(401);
    }
    for (const path of ['/api/projects', `/api/projects/${project}/keys`, '/api/audit', '/api/tokens'])
      expect([path, (await platform.call('GET', path, { token })).status]).toEqual([path, 401]);
  });

  test('one that may read changes nothing', async () => {
    const { body } = await api<{ id: string; token: string }>('POST', 'tokens', { name: 'look' });
    expect((await api('GET', 'capacity', undefined, body.token)).status).toBe(200);
    const changes = [
      ['POST', 'tokens'],
      ['DELETE', `tokens/${body.id}`],
      ['POST', 'replay'],
      ['POST', 'rollouts'],
      ['DELETE', 'rollouts'],
      ['POST', 'parked/retry'],
      ['POST', 'invites'],
      ['POST', `projects/${project}/retry`],
      ['POST', `projects/${project}/upgrade`],
      ['PATCH', `projects/${project}/limits`],
    ] as const;
    for (const [method, path] of changes)
      expect([path, (await api(method, path, {}, body.token)).status]).toEqual([path, 403]);
  });

  test('one that may only write reads nothing, nor is told what there is to read', async () => {
    const { body } = await api<{ id: string; token: string }>('POST', 'tokens', {
      name: 'write',
      scopes: ['write'],
    });
    for (const path of [...READS, 'events', 'work/events'])
      expect([path, (await api('GET', path, undefined, body.token)).status]).toEqual([path, 403]);
    for (const other of [owner, '', `${token}x`])
      expect((await api('GET', 'events', undefined, other)).status).toBe(401);
    expect((await api('DELETE', `tokens/${body.id}`)).status).toBe(204);
  });

  test('whoever is revoked is out at once, by the API and by the command', async () => {
    const { body } = await api<{ id: string; token: string }>('POST', 'tokens', { name: 'one' });
    expect((await api('DELETE', `tokens/${body.id}`)).status).toBe(204);
    expect((await api('GET', 'views', undefined, body.token)).status).toBe(401);
    expect((await api('DELETE', `tokens/${body.id}`)).status).toBe(404);

    const made = await platform.launchdb('operator-token', '--scope', 'read', '--name', 'two');
    const [, two = '', id = ''] = /^(ldo_\S+)\nIt is (opt_\w+), and may read\. /.exec(made.output) ?? [];
    expect((await api('GET', 'views', undefined, two)).status).toBe(200);
    const listed = await platform.launchdb('operator-token', 'list');
    expect(listed.output).toContain(`${id}  read `);
    const { tokens } = (await api<Page>('GET', 'tokens')).body;
    const first = platform.separate ? 'command line' : 'first start';
    expect(tokens.map((one) => one.name)).toEqual([first, 'look', 'two']);
    expect(tokens.filter((one) => one.current).map((one) => one.name)).toEqual([first]);
    expect((await platform.launchdb('operator-token', 'revoke', id)).code).toBe(0);
    expect((await api('GET', 'views', undefined, two)).status).toBe(401);
    expect((await platform.launchdb('operator-token', 'revoke', id)).code).toBe(1);
    for (const wrong of [['--scope', 'all'], ['list', 'x'], ['revoke']])
      expect((await platform.launchdb('operator-token', ...wrong)).code).toBeGreaterThan(0);
  });
});

describe('a browser', () => {
  const MARK = { 'x-launchdb-console': '1' };
  const by = (
    cookie: string,
    method: string,
    path: string,
    headers: Record<string, string> = MARK,
    body?: unknown,
  ) =>
    platform.call<{ type?: string; scopes?: string[] }>(method, path, {
      headers: { cookie, ...headers },
      ...(body !== undefined && { body }),
    });
  const begin = async (shown: string, headers: Record<string, string> = {}) => {
    const { status: told, headers: answered } = await platform.call('POST', '/api/operator/session', {
      body: { token: shown },
      headers,
    });
    return { status: told, cookie: answered.get('set-cookie') ?? '' };
  };

  /** What goes on until somebody ends it. */
  const follow = async (headers: Record<string, string>) => {
    const both = ['work/events', 'events'].map(async (path) => {
      const going = await fetch(`${platform.url}/api/operator/${path}`, { headers });
      expect(going.status).toBe(200);
      return going.text();
    });
    return { ended: Promise.all(both) };
  };

  test('shows a cookie in the token’s place, which no page of others can use, until it is signed out', async () => {
    const { status: told, cookie: kept } = await begin(token);
    expect([told, kept]).toEqual([
      201,
      expect.stringMatching(
        /^launchdb-operator=[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/,
      ) as string,
    ]);
    const [cookie = ''] = kept.split(';');
    expect((await by(cookie, 'GET', '/api/operator/session')).body.scopes).toEqual(['read', 'write']);
    const path = `/api/operator/projects/${project}/limits`;
    expect((await by(cookie, 'PATCH', path, {}, { files: 7 })).status).toBe(403);
    for (const elsewhere of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }])
      expect((await by(cookie, 'PATCH', path, { ...MARK, ...elsewhere }, { files: 7 })).status).toBe(403);
    expect((await by(cookie, 'PATCH', path, MARK, { files: null })).status).toBe(200);
    expect((await by(cookie, 'PATCH', path, MARK, { files: 7_000 })).status).toBe(200);
    // neither is the other's
    expect((await by(cookie, 'GET', '/api/projects')).status).toBe(401);
    expect((await by(cookie.replace('-operator', ''), 'GET', '/api/projects')).status).toBe(401);
    expect((await by(cookie.replace('-operator', ''), 'GET', '/api/operator/views')).status).toBe(401);
    const going = await follow({ cookie });
    expect((await by(cookie, 'DELETE', '/api/operator/session')).status).toBe(204);
    await going.ended;
    expect((await by(cookie, 'GET', '/api/operator/session')).status).toBe(401);
  });

  test('is out when its token is revoked; nothing but a token opens it', async () => {
    const made = await api<{ id: string; token: string }>('POST', 'tokens', { name: 'browser' });
    const [cookie = ''] = (await begin(made.body.token)).cookie.split(';');
    expect((await by(cookie, 'GET', '/api/operator/views')).status).toBe(200);
    expect((await by(cookie, 'POST', '/api/operator/replay')).status).toBe(403);
    const going = [await follow({ cookie }), await follow({ authorization: `Bearer ${made.body.token}` })];
    await api('DELETE', `tokens/${made.body.id}`);
    await Promise.all(going.map(({ ended: over }) => over));
    expect((await by(cookie, 'GET', '/api/operator/views')).status).toBe(401);
    for (const wrong of [made.body.token, owner, '', 'ldo_x']) expect((await begin(wrong)).status).toBe(401);
    expect((await begin(token, { origin: 'https://evil.example' })).status).toBe(403);
  });
});

describe('the same facts as the command', () => {
  test('how the platform stands', async () => {
    const told = await status();
    const capacity = (await api<{ servers: object[]; projects: object }>('GET', 'capacity')).body;
    const room = told['room'] as { servers: { used: number; limit: number }[] };
    expect(capacity.servers).toMatchObject([{ server: 'main', used: 1, limit: room.servers[0]?.limit }]);
    expect(capacity.projects).toEqual({ active: 1 });
    expect(told['projects']).toEqual(capacity.projects);
    const { views } = (await api<{ views: { view: string; lag: number; parked: number }[] }>('GET', 'views'))
      .body;
    expect(views.map(({ view }) => view).toSorted()).toEqual([
      'audit-trail',
      'desired-projects',
      'process-runs',
      'project-list',
    ]);
    expect(views.map(({ parked }) => parked)).toEqual([0, 0, 0, 0]);
    const { pools, enabled } = (
      await api<{ pools: { project_id: string }[]; enabled: boolean }>('GET', 'pools')
    ).body;
    expect([enabled, pools.map((one) => one.project_id)]).toEqual([true, [project]]);
    const { data_apis: apis } = (await api<{ data_apis: object[] }>('GET', 'data-apis')).body;
    expect(apis).toEqual([{ project_id: project, wanted: true, state: 'as-wanted' }]);
    expect(told['dataApis']).toEqual([{ projectId: project, wanted: true, state: 'as-wanted' }]);
    expect((await platform.launchdb('status')).output).toContain('REST APIs: 1 of 1 as wanted');
  });

  test('what runs again and again, in whatever process', async () => {
    interface Task {
      task: string;
      runs: number;
      failures: number;
      last: { ended_at: string; took_ms: number; failure: string | null; next_at: string } | null;
    }
    const tasks = await vi.waitFor(
      async () => {
        const found = (await api<{ tasks: Task[] }>('GET', 'background')).body.tasks;
        const names = found.map(({ task }) => task);
        for (const name of ['sweep', 'drift', 'mails', 'schema-changes', 'catch-up'])
          expect(names).toContain(name);
        return found;
      },
      { timeout: 60_000, interval: 500 },
    );
    const sweep = tasks.find(({ task }) => task === 'sweep');
    expect(sweep?.runs).toBeGreaterThan(0);
    expect(sweep?.last?.failure).toBeNull();
    expect(Date.parse(sweep?.last?.next_at ?? '')).toBe(Date.parse(sweep?.last?.ended_at ?? '') + 1_000);
  });

  test('why a project is as it is, and what it may use', async () => {
    const why = (await api<{ summary: string; chain: { text: string }[] }>('GET', `projects/${project}/why`))
      .body;
    const told = await platform.launchdb('why', project);
    for (const { text } of why.chain) expect(told.output).toContain(text);
    expect(told.output).toContain(why.summary);
    expect((await api('GET', 'projects/proj_0123456789abcdef/why')).status).toBe(404);
    const found = (await api<{ projects: { id: string }[] }>('GET', 'projects?text=SHO')).body.projects;
    expect(found.map(({ id }) => id)).toEqual([project]);

    const changed = await api('PATCH', `projects/${project}/limits`, {
      database_size_mb: 700,
      connections: null,
    });
    expect(changed.body).toMatchObject({ own: { database_size_mb: 700, connections: null } });
    expect((await platform.launchdb('limits', project)).output).toMatch(/database size +700 MB +its own/);
    await platform.launchdb('limits', project, '--files', 'none');
    const limits = (await api('GET', `projects/${project}/limits`)).body;
    expect(limits).toMatchObject({ own: { files: 0, database_size_mb: 700 }, platform: { connections: 30 } });
    for (const wrong of [{ connections: 0 }, { connections: 1.5 }, { databaseSizeMb: 1 }, { files: -1 }])
      expect((await api('PATCH', `projects/${project}/limits`, wrong)).status).toBe(400);
  });

  test('nothing waits to be retried, or to be upgraded, and no rollout runs', async () => {
    const retried = await api<{ type: string }>('POST', `projects/${project}/retry`);
    expect([retried.status, retried.body.type]).toEqual([
      409,
      expect.stringContaining('project/nothing-to-retry') as string,
    ]);
    const rollouts = (await api<{ behind: object[]; rollout: null; version: number }>('GET', 'rollouts'))
      .body;
    expect(rollouts).toMatchObject({ behind: [], rollout: null });
    expect((await platform.launchdb('upgrade', '--plan')).output).toContain(`version ${rollouts.version} `);
    expect((await api('POST', 'rollouts')).status).toBe(200);
    expect((await api('DELETE', 'rollouts')).status).toBe(409);
    expect((await platform.launchdb('upgrade', '--stop')).code).toBe(1);
    expect((await api('POST', 'rollouts', { canary: 'shop' })).status).toBe(400);
    expect((await api('POST', 'rollouts', { canary: project })).status).toBe(409);
    const one = await api('POST', `projects/${project}/upgrade`);
    expect([one.status, one.body]).toMatchObject([202, { state: 'done' }]);
    expect(await stuck()).toEqual([]);
  });

  test('an invite is good for an account, and is shown as used', async () => {
    expect((await api('POST', 'invites', { email: 'nobody' })).status).toBe(400);
    const { body } = await api<Invite>('POST', 'invites', {
      email: 'invited@example.com',
      expires_in_days: 1,
    });
    await platform.owner('invited', body.code);
    const { invites } = (await api<{ invites: object[] }>('GET', 'invites')).body;
    const used_by = expect.stringMatching(/^own_/) as string;
    expect(invites).toMatchObject([
      { for_address: true, used_by },
      { for_address: false, used_by },
    ]);
    expect(JSON.stringify(invites)).not.toContain(body.code);
  });
});

test('what is stuck is told with why, and goes on when an operator has it tried again', async () => {
  const command = (what: string) =>
    platform.call('POST', `/api/projects/${project}/${what}`, {
      token: owner,
      headers: { prefer: 'wait=0' },
    });
  const becomes = (wanted: string) =>
    vi.waitFor(
      async () => {
        const shown = await platform.call('GET', `/api/projects/${project}`, { token: owner });
        expect(shown.body['status']).toBe(wanted);
      },
      { timeout: 60_000, interval: 200 },
    );
  const [found] = await platform.sql<{ mark: string }>(
    `SELECT shobj_description(oid, 'pg_database') AS mark FROM pg_database WHERE datname = $1`,
    [project],
  );
  await command('pause');
  await becomes('paused');
  const following = read(
    await fetch(`${platform.url}/api/operator/events`, { headers: { authorization: `Bearer ${token}` } }),
  );
  const toldOf = async (view: string, act: () => Promise<unknown>) => {
    const before = following.text.length;
    await act();
    await vi.waitFor(() => expect(following.text.slice(before)).toContain(`"${view}"`), {
      timeout: 60_000,
      interval: 50,
    });
  };
  await vi.waitFor(() =>
    expect(following.text).toContain('event: changed\ndata: {"views":["capacity","pools"'),
  );
  await platform.sql(`COMMENT ON DATABASE ${project} IS 'of somebody else'`);
  await toldOf('failures', async () => {
    await command('resume');
    await becomes('suspended');
  });
  await expect
    .poll(stuck)
    .toMatchObject([{ id: project, name: 'shop', status: 'suspended', waits_for: { until: null } }]);
  const told = await platform.launchdb('status');
  expect([told.code, told.output]).toEqual([2, expect.stringContaining(`STUCK ${project}`) as string]);
  await platform.sql(`COMMENT ON DATABASE ${project} IS '${found?.mark}'`);
  await toldOf('failures', async () => {
    expect((await api('POST', `projects/${project}/retry`)).status).toBe(202);
    await becomes('active');
  });
  await expect.poll(stuck).toEqual([]);
  await following.stop();
});

test('a replay and a verification go on by themselves, are told of as they go, and are done once at a time', async () => {
  expect((await api('POST', 'replay', { view: 'no-such-view' })).status).toBe(409);
  const stream = await fetch(`${platform.url}/api/operator/work/events`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const heard = read(stream);
  // one of them may be over before the other is asked for
  const answers = await Promise.all([1, 2, 3, 4].map(() => api('POST', 'replay')));
  const told = answers.map((one) => one.status);
  expect([told.includes(202), told.includes(409)]).toEqual([true, true]);
  const replayed = (await ended('replay'))?.result as { view: string; equal: boolean }[];
  expect(replayed.map(({ equal }) => equal)).toEqual([true, true, true, true]);
  // whoever may only look may have it checked
  const look = (await api<{ token: string }>('POST', 'tokens', { name: 'look' })).body.token;
  expect((await api('POST', 'verify', undefined, look)).status).toBe(202);
  expect((await ended('verify'))?.result).toMatchObject({ intact: true, first_altered: null });
  expect((await platform.launchdb('verify')).code).toBe(0);
  await vi.waitFor(() => {
    expect(heard.text).toMatch(/"work":"replay","state":"done"/);
    expect(heard.text).toContain('"intact":true');
  });
  await heard.stop();
  expect((await api('POST', 'parked/retry')).body).toEqual({ parked: [] });
  expect((await platform.launchdb('parked')).output).toBe('Nothing is parked.\n');
});

function read(stream: Response) {
  const reader = (stream.body as ReadableStream<Uint8Array>).getReader();
  const heard = { text: '', stop: () => reader.cancel() };
  const decoder = new TextDecoder();
  void (async () => {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      heard.text += decoder.decode(value, { stream: true });
    }
  })();
  return heard;
}

test('the trail says who did it, and of reading once an hour that somebody did', async () => {
  interface Entry {
    type: string;
    actor: { kind: string; id: string };
    data: Record<string, unknown>;
  }
  const { entries } = (await api<{ entries: Entry[] }>('GET', 'audit?actor=operator&limit=500')).body;
  const [mine] = (await api<Page>('GET', 'tokens')).body.tokens;
  const by = (type: string) => entries.filter((entry) => entry.type === type).map(({ actor }) => actor.id);
  expect(by('ProjectLimitsChanged')).toEqual(['cli', mine?.id, mine?.id]);
  expect(by('OperatorSessionBegun').at(-1)).toBe(mine?.id);
  expect(by('ViewsReplayRequested')).toEqual([mine?.id]);
  expect(by('StepRetryRequested')).toEqual([mine?.id]);
  expect(by('InviteIssued')).toEqual([mine?.id, mine?.id]);
  expect(by('OperatorTokenRevoked')).toEqual([mine?.id, 'cli', mine?.id, mine?.id]);
  expect(by('OperatorTokenIssued').at(-1)).toBe(platform.separate ? 'cli' : 'start');
  // an hour may begin between two of them
  const reads = by('OperatorTokenUsed').filter((id) => id === mine?.id).length;
  expect([1, 2]).toContain(reads);
  expect(JSON.stringify(entries)).not.toMatch(/tokenHash|sessionHash|ldo_/);
  const events = await platform.launchdb('events', 'platform-operators', '--json');
  expect(events.output).not.toMatch(/tokenHash|sessionHash|ldo_/);
  // the owner sees that it was an operator, and nothing of the platform's own
  const own = (await platform.call<{ entries: Entry[] }>('GET', '/api/audit?limit=500', { token: owner }))
    .body;
  expect(own.entries.filter(({ type }) => /^Operator|^Invite|^Views/.test(type))).toEqual([]);
});

test('a later start shows no token, and those that there are stay good', async () => {
  await platform.stop();
  platform.output = '';
  await platform.start();
  expect(platform.output).not.toContain('ldo_');
  expect((await api('GET', 'capacity')).status).toBe(200);
});
