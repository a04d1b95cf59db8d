/** The life of a project over the API, each route once at least, as its documents say. */
import { readFile } from 'node:fs/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { statusAtRest } from './crash-points.ts';
import { PlatformUnderTest } from './platform-under-test.ts';

let platform: PlatformUnderTest;
let token: string;
let id: string;

interface Project {
  readonly id: string;
  readonly status: string;
  readonly display_name: string;
  readonly revision: number;
  readonly updated_at: string;
}
interface Connection {
  readonly rest_url: string;
  readonly anon_key: string;
  readonly service_role_key: string;
  readonly db_uri: string;
  readonly db_uri_pooler: string;
}

beforeAll(async () => {
  platform = await PlatformUnderTest.create();
  await platform.start();
  token = await platform.owner('life');
  const made = await platform.call<Project>('POST', '/api/projects', { token, body: { name: 'shop' } });
  ({ id } = made.body);
});
afterAll(() => platform.close());

const call = <T = Project>(
  method: string,
  below: string,
  options: { body?: unknown; headers?: Record<string, string> } = {},
) => platform.call<T>(method, `/api/projects/${id}${below}`, { token, ...options });
const sql = (query: string, params?: readonly unknown[]) =>
  call<{ rows: unknown[]; fields: unknown[]; duration_ms: number }>('POST', '/sql', {
    body: { query, ...(params && { params }) },
  });

describe('an owner', () => {
  const credentials = { email: 'session@example.com', password: 'correct horse battery staple' };
  const post = <T>(path: string, body: unknown) => platform.call<T>('POST', `/api/owners/${path}`, { body });
  interface Session {
    readonly access_token: string;
    readonly refresh_token: string;
    readonly token_type: string;
  }

  test('signs up once, logs in, refreshes, logs out', async () => {
    expect((await post('signup', credentials)).status).toBe(201);
    expect((await post('signup', credentials)).status).toBe(409);
    const login = (await post<Session>('login', credentials)).body;
    expect(login.token_type).toBe('Bearer');
    const refreshed = (await post<Session>('refresh', { refresh_token: login.refresh_token })).body;
    const me = await platform.call('GET', '/api/owners/me', { token: refreshed.access_token });
    expect(me.body).toMatchObject({ email: credentials.email });
    // a used token is shown again: somebody has a copy, so the session ends
    expect((await post('refresh', { refresh_token: login.refresh_token })).status).toBe(401);
    expect((await post('refresh', { refresh_token: refreshed.refresh_token })).status).toBe(401);
    const again = (await post<Session>('login', credentials)).body;
    expect((await post('logout', { refresh_token: again.refresh_token })).status).toBe(204);
    expect((await post('refresh', { refresh_token: again.refresh_token })).status).toBe(401);
  });
});

test('the document that is served is the one that is committed', async () => {
  const served = await (await fetch(`${platform.url}/openapi.json`)).text();
  const committed = await readFile(new URL('../../openapi.json', import.meta.url), 'utf8');
  expect(served).toBe(committed);
});

describe('reading', () => {
  test('a project has a tag; who has it already gets no body', async () => {
    const read = await call('GET', '');
    const etag = read.headers.get('etag') ?? '';
    expect(etag).toBe(`"${read.body.revision}"`);
    expect((await call('GET', '', { headers: { 'if-none-match': etag } })).status).toBe(304);
  });

  test('lists are cut into pages, newest first', async () => {
    const create = (name: string) => platform.call('POST', '/api/projects', { token, body: { name } });
    for (const name of ['page-one', 'page-two']) expect((await create(name)).status).toBe(201);
    const names: string[] = [];
    for (let cursor = ''; ;) {
      const { body } = await platform.call<{ projects: { name: string }[]; next_cursor: string | null }>(
        'GET',
        `/api/projects?limit=1&status=active${cursor}`,
        { token },
      );
      names.push(...body.projects.map(({ name }) => name));
      if (body.next_cursor === null) break;
      cursor = `&cursor=${body.next_cursor}`;
    }
    expect(names).toEqual(['page-two', 'page-one', 'shop']);
  });

  test('a list shows what was done just before', async () => {
    const { body: before } = await call('GET', '');
    for (const display_name of ['One', 'Two', 'Three', String(before['display_name'])]) {
      expect((await call('PATCH', '', { body: { display_name } })).status).toBe(200);
      const { body } = await platform.call<{ projects: unknown[] }>('GET', '/api/projects', { token });
      expect(body.projects).toContainEqual(expect.objectContaining({ id, display_name }));
    }
  });

  test('a position that the log has not come to is refused at once', async () => {
    for (const path of ['/api/projects', `/api/projects/${id}`]) {
      const at = (position: string) => platform.call('GET', `${path}?min_position=${position}`, { token });
      const refused = await at('123456789012345678');
      expect([refused.status, refused.body]).toMatchObject([
        400,
        { errors: [{ pointer: '/query/min_position' }] },
      ]);
      expect((await at('1')).status).toBe(200);
    }
  });

  test('any past state is there, by revision and by time', async () => {
    expect((await call('GET', '?revision=0')).body.status).toBe('provisioning');
    const before = (await call('GET', '')).body;
    await call('PATCH', '', { body: { display_name: 'Renamed' } });
    expect((await call('GET', `?at=${before.updated_at}`)).body.display_name).toBe('shop');
    expect((await call('GET', `?revision=${before.revision}`)).body.display_name).toBe('shop');
    expect((await call('GET', '')).body.display_name).toBe('Renamed');
  });
});

describe('changing', () => {
  test('If-Match lets one of two editors through', async () => {
    const tag = { 'if-match': (await call('GET', '')).headers.get('etag') ?? '' };
    const edit = (display_name: string) => call('PATCH', '', { body: { display_name }, headers: tag });
    const statuses = (await Promise.all([edit('First'), edit('Second')])).map(({ status }) => status);
    expect(statuses.sort((a, b) => a - b)).toEqual([200, 412]);
  });

  test('settings reach the REST API without a restart', async () => {
    await sql('CREATE TABLE numbers AS SELECT n FROM generate_series(1, 9) n');
    const { anon_key: apikey } = (await call<Connection>('GET', '/keys')).body;
    const rows = async () =>
      (await platform.call<unknown[]>('GET', `/project/${id}/rest/v1/numbers`, { headers: { apikey } })).body;
    await vi.waitFor(async () => expect(await rows()).toHaveLength(9), { timeout: 30_000 });
    const settings = { data_api: { max_rows: 4, schemas: ['public'] } };
    expect((await call('PATCH', '', { body: { settings } })).status).toBe(200);
    expect(await rows()).toHaveLength(4);
    // the architecture's short form
    const short = await platform.call<unknown[]>('GET', `/project/${id}/numbers?n=lt.3`, {
      headers: { apikey },
    });
    expect(short.body).toEqual([{ n: 1 }, { n: 2 }]);
  });

  test('paused it is not served and keeps its data; a pause is repeatable', async () => {
    expect((await call('POST', '/pause')).body.status).toBe('paused');
    expect((await call('POST', '/pause')).status).toBe(200);
    const { anon_key: apikey } = (await call<Connection>('GET', '/keys')).body;
    const rest = () => platform.call('GET', `/project/${id}/rest/v1/numbers`, { headers: { apikey } });
    const refused = await rest();
    expect(refused.status).toBeGreaterThanOrEqual(400);
    expect(refused.headers.get('content-type')).toBe('application/problem+json');
    expect((await call('POST', '/resume')).body.status).toBe('active');
    expect((await rest()).status).toBe(200);
  });

  test('who does not want to wait gets 202 and can watch the progress', async () => {
    const asked = await call('POST', '/pause', { headers: { prefer: 'respond-async' } });
    expect(asked.status).toBe(202);
    expect(await statusAtRest(platform, token, id)).toBe('paused');
    const { body } = await call<{
      processes: { process: string; state: string; steps: { state: string }[] }[];
    }>('GET', '/progress');
    expect(body.processes[0]).toMatchObject({ process: 'pause', state: 'done' });
    expect(body.processes[0]?.steps.every(({ state }) => state === 'done')).toBe(true);
    expect((await call('POST', '/resume', { headers: { prefer: 'wait=20' } })).body.status).toBe('active');
  });
});

describe('using', () => {
  test('SQL gives rows, takes parameters and tells where it is wrong', async () => {
    const { body } = await sql('SELECT $1::int + 1 AS n, $2 AS t', [41, "x'; --"]);
    expect(body.rows).toEqual([{ n: 42, t: "x'; --" }]);
    const wrong = await sql('SELECT 1 +');
    expect(wrong).toMatchObject({
      status: 422,
      body: { sqlstate: '42601', position: expect.any(Number) as number },
    });
    expect((await sql('SELECT rolsuper FROM pg_roles WHERE rolname = current_user')).body.rows).toEqual([
      { rolsuper: false },
    ]);
  });

  test('SQL changes no value, and columns of one name are both there', async () => {
    const path = `${platform.url}/api/projects/${id}/sql`;
    const ask = async (body: string) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      return (await fetch(path, { method: 'POST', headers, body })).text();
    };
    const query = `SELECT '{\\"id\\":9007199254740993}'::json AS doc, $1::int8 + 1 AS n`;
    expect(await ask(`{"query":"${query}","params":[9007199254740993]}`)).toContain(
      '"row_format":"object","rows":[{"doc":{"id":9007199254740993},"n":"9007199254740994"}]',
    );
    expect((await sql('SELECT 1 AS id, 2 AS id')).body).toMatchObject({
      row_format: 'array',
      rows: [[1, 2]],
    });
    expect(await ask('{"query":"SELECT 1 AS id","row_format":"array"}')).toContain('"rows":[[1]]');
  });

  test('the connection works with an ordinary client, directly and pooled', async () => {
    const { body } = await call<Connection>('GET', '/connection');
    expect(body.rest_url).toContain(`/project/${id}/rest/v1`);
    for (const connectionString of [body.db_uri, body.db_uri_pooler]) {
      const client = new pg.Client({ connectionString });
      await client.connect();
      expect((await client.query<{ sum: string }>('SELECT sum(n) FROM numbers')).rows).toEqual([
        { sum: '45' },
      ]);
      await client.end();
    }
  });

  test('a table made by the owner is served to whom its policies let in', async () => {
    await sql(`CREATE TABLE notes (id int PRIMARY KEY, owner uuid);
      INSERT INTO notes VALUES (1, '00000000-0000-4000-8000-000000000001');
      ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
      CREATE POLICY mine ON notes USING (owner = auth.uid())`);
    const { anon_key: anon, service_role_key: service } = (await call<Connection>('GET', '/keys')).body;
    const rows = (apikey: string) =>
      platform.call<unknown>('GET', `/project/${id}/rest/v1/notes?select=id`, { headers: { apikey } });
    await vi.waitFor(async () => expect((await rows(service)).body).toEqual([{ id: 1 }]), {
      timeout: 30_000,
    });
    expect((await rows(anon)).body).toEqual([]);
  });
});

describe('secrets', () => {
  const rest = (apikey: string) =>
    platform.call('GET', `/project/${id}/rest/v1/numbers?limit=1`, { headers: { apikey } });

  test('rotated keys: no request is refused meanwhile, the old ones end with the overlap', async () => {
    const before = (await call<Connection>('GET', '/keys')).body.anon_key;
    let rotating = true;
    const statuses = new Set<number>();
    const asking = (async () => {
      while (rotating) statuses.add((await rest(before)).status);
    })();
    const rotated = await call<Connection>('POST', '/keys/rotate', { body: { overlap_seconds: 2 } });
    rotating = false;
    await asking;
    expect(rotated.status).toBe(200);
    expect([...statuses]).toEqual([200]);
    const { anon_key: after } = rotated.body;
    expect(after).not.toBe(before);
    expect((await call<Connection>('GET', '/keys')).body.anon_key).toBe(after);
    expect([(await rest(after)).status, (await rest(before)).status]).toEqual([200, 200]);
    expect((await call('POST', '/keys/rotate')).status).toBe(409);
    await vi.waitFor(async () => expect((await rest(before)).status).toBe(401), {
      timeout: 30_000,
      interval: 250,
    });
    expect((await rest(after)).status).toBe(200);
  });

  test('a key that is rotated without an overlap is refused when the answer says so', async () => {
    const before = (await call<Connection>('GET', '/keys')).body.anon_key;
    const rotated = await call<Connection>('POST', '/keys/rotate', { body: { overlap_seconds: 0 } });
    expect([(await rest(before)).status, (await rest(rotated.body.anon_key)).status]).toEqual([401, 200]);
  });

  test('a rotated database password: the new one works everywhere, the old one nowhere', async () => {
    const before = (await call<Connection>('GET', '/connection')).body;
    const rotated = await call<Connection>('POST', '/database-password/rotate');
    expect(rotated.status).toBe(200);
    const after = rotated.body;
    const connects = async (connectionString: string) => {
      const client = new pg.Client({ connectionString });
      client.on('error', () => {});
      return client.connect().then(
        async () => client.end().then(() => true),
        () => false,
      );
    };
    expect(await connects(after.db_uri)).toBe(true);
    expect(await connects(after.db_uri_pooler)).toBe(true);
    expect(await connects(before.db_uri)).toBe(false);
    expect(await connects(before.db_uri_pooler)).toBe(false);
  });

  test('a personal token does what its scopes and its project let it, until it is revoked', async () => {
    const issue = async (body: object) =>
      (await platform.call<{ id: string; token: string }>('POST', '/api/tokens', { token, body })).body;
    const [reader, writer] = [
      await issue({ name: 'reader' }),
      await issue({ name: 'w', scopes: ['read', 'write'], project_id: id }),
    ];
    const as = (personal: string, method: string, path: string, body?: unknown) =>
      platform.call(method, path, { token: personal, ...(body !== undefined && { body }) });
    const project = `/api/projects/${id}`;
    expect((await as(reader.token, 'GET', '/api/projects')).status).toBe(200);
    expect((await as(reader.token, 'POST', `${project}/pause`)).status).toBe(403);
    for (const [method, path] of [
      ['GET', '/keys'],
      ['GET', '/connection'],
      ['POST', '/keys/rotate'],
      ['POST', '/database-password/rotate'],
    ] as const) {
      expect([path, (await as(writer.token, method, `${project}${path}`)).status]).toEqual([path, 403]);
    }
    const secrets = await issue({ name: 's', scopes: ['read', 'secrets'] });
    expect((await as(secrets.token, 'GET', `${project}/connection`)).body).toHaveProperty('service_role_key');
    expect((await as(secrets.token, 'POST', `${project}/keys/rotate`)).status).toBe(403);
    expect((await as(writer.token, 'PATCH', project, { display_name: 'By token' })).status).toBe(200);
    expect((await as(writer.token, 'GET', '/api/projects')).status).toBe(403);
    expect((await as(writer.token, 'GET', '/api/projects/proj_0123456789abcdef')).status).toBe(404);
    for (const [method, path] of [
      ['GET', '/api/tokens'],
      ['POST', '/api/tokens'],
      ['DELETE', '/api/owners/me'],
    ] as const) {
      expect((await as(reader.token, method, path, method === 'GET' ? undefined : {})).status).toBe(403);
    }
    const { entries } = (
      await call<{ entries: { actor: object; reason: string }[] }>(
        'GET',
        '/audit?type=ProjectRenamed&actor=token',
      )
    ).body;
    expect(entries[0]).toMatchObject({
      actor: { kind: 'token', id: writer.id },
      reason: 'PATCH /api/projects/:id',
    });
    expect((await platform.call('DELETE', `/api/tokens/${writer.id}`, { token })).status).toBe(204);
    expect((await as(writer.token, 'GET', project)).status).toBe(401);
    expect(platform.output).not.toContain(writer.token);
  });
});

describe('history', () => {
  test('events come as they happen; after a break they go on without a gap', async () => {
    const ids: number[] = [];
    const read = async (headers: Record<string, string>, enough: number) => {
      const response = await fetch(`${platform.url}/api/projects/${id}/events`, {
        headers: { authorization: `Bearer ${token}`, ...headers },
      });
      expect(response.headers.get('content-type')).toContain('text/event-stream');
      let text = '';
      for await (const chunk of response.body ?? []) {
        text += new TextDecoder().decode(chunk as Uint8Array);
        const found = [...text.matchAll(/^id: ?(\d+)$/gm)].map((match) => Number(match[1]));
        if (found.length < enough) continue;
        ids.push(...found.slice(0, enough));
        return;
      }
    };
    await read({}, 4);
    await read({ 'last-event-id': String(ids.at(-1)) }, 4);
    expect(ids).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    const { revision } = (await call('GET', '')).body;
    const live = read({ 'last-event-id': String(revision) }, 1);
    await call('PATCH', '', { body: { display_name: 'Live' } });
    await live;
    expect(ids.at(-1)).toBe(revision + 1);
  });

  test('the audit trail says who did what, and exports', async () => {
    const { body } = await call<{ entries: { type: string; actor: { kind: string }; request_id: string }[] }>(
      'GET',
      '/audit?type=ProjectRenamed&limit=1',
    );
    expect(body.entries[0]).toMatchObject({ type: 'ProjectRenamed', actor: { kind: 'owner' } });
    const exported = await fetch(`${platform.url}/api/projects/${id}/audit`, {
      headers: { authorization: `Bearer ${token}`, accept: 'application/x-ndjson' },
    });
    const lines = (await exported.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { hash: string });
    expect(lines.length).toBeGreaterThan(10);
    expect(lines.every(({ hash }) => /^[0-9a-f]{64}$/.test(hash))).toBe(true);
  });
});

describe('the log', () => {
  test('says why a project is as it is', async () => {
    const { body } = await call<{
      summary: string;
      advice: string | null;
      chain: { text: string; caused_by: number | null }[];
    }>('GET', '/why');
    expect(body.summary).toBe('"shop" is active.');
    expect(body.chain[0]?.text).toBe('The project "shop" was requested');
    expect(body.chain[1]).toMatchObject({
      caused_by: 0,
      text: expect.stringContaining('database') as string,
    });
  });

  test('tells who looked at secrets and what ran, without a value', async () => {
    await sql(`SELECT 'a very private value'`);
    const all = (
      await platform.call<{ entries: { type: string; data: Record<string, unknown> }[] }>(
        'GET',
        '/api/audit?limit=500',
        { token },
      )
    ).body.entries;
    const types = new Set(all.map(({ type }) => type));
    for (const type of [
      'OwnerSignedIn',
      'TokenIssued',
      'TokenRevoked',
      'ApiKeysRevealed',
      'SqlExecuted',
      'JwtSecretRotated',
      'ProjectNameReserved',
    ]) {
      expect([type, types.has(type)]).toEqual([type, true]);
    }
    expect(all.find(({ type }) => type === 'SqlExecuted')?.data).toMatchObject({
      statement: 'select',
      outcome: 'ok',
    });
    expect(JSON.stringify(all)).not.toContain('private value');
  });

  test('is found intact; one changed event is named', async () => {
    const verify = () =>
      platform.call<{ intact: boolean; first_altered: { position: string; type: string } | null }>(
        'GET',
        '/api/audit/verify',
        { token },
      );
    const chained = platform.store === 'postgres';
    // and nothing of how much others do
    expect((await verify()).body).toEqual({ intact: true, chained, first_altered: null });
    // the other store lets nobody change anything
    if (!chained) return;
    const [altered] = await platform.sql<{ position: string }>(
      `SELECT position FROM log.events WHERE type = 'ProjectRenamed' LIMIT 1`,
      [],
      'launchdb',
    );
    const change = (from: string, to: string) =>
      platform.sql(
        `DO $$ BEGIN ALTER TABLE log.events DISABLE TRIGGER ALL;
         UPDATE log.events SET data = replace(data, '${from}', '${to}') WHERE position = ${altered?.position};
         ALTER TABLE log.events ENABLE ALWAYS TRIGGER events_stay; END $$`,
        [],
        'launchdb',
      );
    await change('displayName', 'displayNome');
    expect((await verify()).body).toMatchObject({
      intact: false,
      first_altered: { position: altered?.position, type: 'ProjectRenamed' },
    });
    await change('displayNome', 'displayName');
    expect((await verify()).body.intact).toBe(true);
  });
});

describe('ending', () => {
  test('deleted it is hidden and can be taken back; purged it is gone and its name is free', async () => {
    expect((await call('DELETE', '')).status).toBe(202);
    expect(await statusAtRest(platform, token, id)).toBe('deleted');
    expect((await call('GET', '')).body).toMatchObject({ purge_after: expect.any(String) as string });
    expect((await call('POST', '/undelete')).body.status).toBe('active');
    expect((await sql('SELECT count(*)::int AS n FROM numbers')).body.rows).toEqual([{ n: 9 }]);
    expect((await call('DELETE', '?purge=true', { body: { name: 'not-shop' } })).status).toBe(409);
    expect((await call('DELETE', '?purge=true', { body: { name: 'shop' } })).status).toBe(202);
    expect(await statusAtRest(platform, token, id)).toBe('purged');
    expect((await platform.call('POST', '/api/projects', { token, body: { name: 'shop' } })).status).toBe(
      201,
    );
  });
});

test('an owner who is erased leaves a trail that verifies and says nobody who they were', async () => {
  const gone = await platform.owner('gone');
  const erase = (password: string) =>
    platform.call('DELETE', '/api/owners/me', { token: gone, body: { password } });
  const made = await platform.call<Project>('POST', '/api/projects', { token: gone, body: { name: 'last' } });
  expect((await erase('not the password')).status).toBe(401);
  expect((await erase('correct horse battery staple')).status).toBe(409);
  await platform.call('DELETE', `/api/projects/${made.body.id}?purge=true`, {
    token: gone,
    body: { name: 'last' },
  });
  expect(await statusAtRest(platform, gone, made.body.id)).toBe('purged');
  expect((await erase('correct horse battery staple')).status).toBe(204);
  expect((await platform.call('GET', '/api/owners/me', { token: gone })).status).toBe(401);
  const left = await platform.sql(
    `SELECT 1 FROM accounts.owners WHERE email = 'gone@example.com'
     UNION ALL SELECT 1 FROM view_audit_trail.entries WHERE data::text LIKE '%gone@example%'`,
    [],
    'launchdb',
  );
  expect(left).toEqual([]);
  expect((await platform.call('GET', '/api/audit/verify', { token })).body).toMatchObject({ intact: true });
});
