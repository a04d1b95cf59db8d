import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signUp } from '../../application/owner/sign-up.ts';
import type { LogInDependencies } from '../../application/owner/log-in.ts';
import { issueToken, revokeToken } from '../../application/owner/personal-tokens.ts';
import { StreamWatch } from '../../application/stream-watch.ts';
import { ownerStream } from '../../domain/owner/events.ts';
import { AesEmailVault } from '../../infrastructure/crypto/aes-email-vault.ts';
import { Argon2Passwords } from '../../infrastructure/crypto/argon2-passwords.ts';
import { JoseTokens } from '../../infrastructure/crypto/jose-tokens.ts';
import { RandomIds } from '../../infrastructure/crypto/random-ids.ts';
import { eventCatalogue } from '../../infrastructure/event-store/codec/event-catalogue.ts';
import { PostgresEventStore } from '../../infrastructure/event-store/postgres/postgres-event-store.ts';
import { pinoLog } from '../../infrastructure/observability/pino-log.ts';
import { InMemoryTurns } from '../../infrastructure/postgres/in-memory-turns.ts';
import { PostgresOwnerAccounts } from '../../infrastructure/postgres/postgres-owner-accounts.ts';
import { PostgresPersonalTokens } from '../../infrastructure/postgres/postgres-personal-tokens.ts';
import { MemoryRateLimits } from '../../infrastructure/rate-limiter/memory-rate-limits.ts';
import { testPlatform, type TestPlatform } from '../../infrastructure/testing/platform-tables.ts';
import { Metrics } from '../http/metrics.ts';
import { createServer, type HttpServer } from '../http/server.ts';
import { eventStream, ndjson } from '../http/stream-reply.ts';
import { bearer, ownerAuthentication } from './authenticate-owner.ts';
import { browserOwner } from './browser-owner.ts';
import { endpoint } from './owner-endpoint.ts';
import { ownerEndpoints } from './owners.ts';
import { sessionEndpoints } from './session.ts';

const PASSWORD = 'a long-enough s3cret';
const PUBLIC = 'https://db.example.com';
const MARK = { 'x-launchdb-console': '1' };
const DAY_MS = 24 * 3600 * 1000;
const MANY = { points: 10_000, perSeconds: 60 };

let platform: TestPlatform;
let pool: pg.Pool;
let store: PostgresEventStore;
let server: HttpServer;
/** of the same platform, as another process serves it */
let other: HttpServer;
let personalTokens: PostgresPersonalTokens;
const watches: StreamWatch[] = [];
let dependencies: LogInDependencies;
const lines: string[] = [];
/** everything that a cookie held */
const secrets = new Set<string>();
const time = { ms: 0 };
const clock = {
  now: () => new Date(Date.now() + time.ms),
  elapsedMs: () => performance.now() + time.ms,
  sleep: () => Promise.resolve(),
};

beforeAll(async () => {
  platform = await testPlatform();
  ({ pool } = platform);
  store = new PostgresEventStore({ pool, connection: platform.connection, catalogue: eventCatalogue });
  dependencies = {
    store,
    clock,
    ids: new RandomIds(randomBytes(32)),
    accounts: new PostgresOwnerAccounts(pool),
    passwords: new Argon2Passwords(),
    tokens: new JoseTokens(randomBytes(32), clock),
    vault: new AesEmailVault(randomBytes(32)),
    limits: new MemoryRateLimits({
      uses: { 'sign-up-by-address': MANY, 'log-in-by-address': MANY, 'refresh-by-address': MANY },
    }),
    turns: new InMemoryTurns(),
    signUpMode: 'open',
  };
  personalTokens = new PostgresPersonalTokens(pool);
  [server, other] = [await serve(dependencies), await serve(dependencies)];
});
afterAll(async () => {
  await Promise.all([server.stop(), other.stop()]);
  await Promise.all(watches.map((watch) => watch.stop()));
  await store.close();
  await platform[Symbol.asyncDispose]();
});

async function* forEver(signal: AbortSignal) {
  yield { data: 'begun' };
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
}
const goingOn = [
  endpoint({
    method: 'get',
    path: '/api/events',
    summary: 'events that never end by themselves',
    auth: 'owner',
    responses: { 200: 'events' },
    handler: async ({ signal }) => eventStream(forEver(signal)),
  }),
  endpoint({
    method: 'get',
    path: '/api/rows',
    summary: 'rows that never end by themselves',
    auth: 'owner',
    responses: { 200: 'rows' },
    handler: async ({ signal }) => ndjson(forEver(signal)),
  }),
];

async function serve(given: LogInDependencies): Promise<HttpServer> {
  const { tokens, accounts } = given;
  const watch = new StreamWatch(store);
  watches.push(watch);
  await watch.start();
  const started = createServer({
    name: 'platform-api',
    port: 0,
    portVariable: 'PLATFORM_PORT',
    endpoints: [
      ...ownerEndpoints({ ...given, projectsOf: () => Promise.resolve(0) }),
      ...sessionEndpoints({ ...given, publicUrl: PUBLIC }),
      ...goingOn,
    ],
    authenticate: ownerAuthentication(
      bearer(tokens, { tokens: personalTokens, clock }),
      browserOwner({ accounts, tokens, clock }, PUBLIC),
      { store, watch, clock },
    ),
    log: pinoLog({ level: 'debug', destination: { write: (line) => void lines.push(line) } }),
    ready: async () => ({}),
    metrics: new Metrics(),
  });
  await started.start();
  return started;
}

type Body = Record<string, unknown>;
interface Question {
  readonly body?: unknown;
  readonly cookie?: string;
  readonly headers?: Record<string, string>;
  readonly on?: HttpServer;
}

async function ask(method: string, path: string, { body, cookie, headers, on }: Question = {}) {
  const response = await fetch(`http://127.0.0.1:${(on ?? server).port}/api/${path}`, {
    method,
    headers: {
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...(cookie !== undefined && { cookie }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const [kept] = response.headers.getSetCookie();
  return {
    status: response.status,
    body: (text ? JSON.parse(text) : {}) as Body,
    kept,
    headers: response.headers,
  };
}

async function signedUp(): Promise<{ email: string; ownerId: string }> {
  const email = `ann-${randomUUID()}@example.org`;
  const metadata = {
    correlationId: 'c',
    causationId: null,
    actor: { kind: 'system', id: 't' },
    reason: 'test',
  };
  const { ownerId } = await signUp(dependencies, { email, password: PASSWORD }, {
    ...metadata,
    ip: '127.0.0.1',
  } as never);
  return { email, ownerId };
}

/** @returns what the browser sends from now on */
async function signIn(email: string, more: Question = {}): Promise<string> {
  const { status, kept } = await ask('POST', 'session', { body: { email, password: PASSWORD }, ...more });
  expect(status).toBe(201);
  const [pair = '', ...attributes] = (kept ?? '').split('; ');
  expect(pair).toMatch(/^__Host-launchdb=[\w-]{43}$/);
  expect(attributes).toEqual(['Path=/', 'Max-Age=2592000', 'HttpOnly', 'SameSite=Strict', 'Secure']);
  secrets.add(pair.slice('__Host-launchdb='.length));
  return pair;
}
async function signedIn() {
  const owner = await signedUp();
  return { ...owner, cookie: await signIn(owner.email) };
}
const asks = (cookie: string) => ask('GET', 'session', { cookie });
const isIn = async (cookie: string) => (await asks(cookie)).status === 200;
const types = async (ownerId: string) =>
  (await store.readStream(ownerStream(ownerId))).map(({ type }) => type);

function expectEnded({ status, body, kept }: Awaited<ReturnType<typeof ask>>): void {
  expect([status, body['type']]).toEqual([401, '/docs#request/unauthenticated']);
  // an answer that comes late must not take away a newer cookie
  expect(kept).toBeUndefined();
}

describe('signing in', () => {
  test('gives a cookie that is the owner, and tells no token to a script', async () => {
    const { email, ownerId } = await signedUp();
    const answer = await ask('POST', 'session', { body: { email, password: PASSWORD } });
    expect(answer.body).toEqual({ owner_id: ownerId, email });
    const cookie = answer.kept?.split(';')[0] ?? '';
    expect((await asks(`a=1; ${cookie}; b=2`)).body).toEqual({ owner_id: ownerId, email });
    expect((await ask('GET', 'owners/me', { cookie })).body).toMatchObject({ owner_id: ownerId });
    expect(await types(ownerId)).toEqual(['OwnerRegistered', 'OwnerSignedIn']);
  });

  test('what the cookie held before is never let in, and a session that it was ends', async () => {
    const [mallory, ann] = [await signedIn(), await signedUp()];
    const planted = `__Host-launchdb=${randomBytes(32).toString('base64url')}`;
    for (const before of [mallory.cookie, planted, '__Host-launchdb=x']) {
      const cookie = await signIn(ann.email, { cookie: before });
      expect(cookie).not.toBe(before);
      expect((await asks(cookie)).body['owner_id']).toBe(ann.ownerId);
      expect(await isIn(before)).toBe(false);
    }
    expect(await types(mallory.ownerId)).toEqual(['OwnerRegistered', 'OwnerSignedIn', 'OwnerSignedOut']);
  });

  test('a page of others signs nobody in', async () => {
    const { email } = await signedUp();
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example' }]) {
      const { status, kept } = await ask('POST', 'session', { body: { email, password: PASSWORD }, headers });
      expect([status, kept]).toEqual([403, undefined]);
    }
    // what a form can send
    const text = await fetch(`http://127.0.0.1:${server.port}/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'text/plain' },
      body: JSON.stringify({ email, password: PASSWORD }),
    });
    expect([text.status, text.headers.getSetCookie()]).toEqual([415, []]);
    await signIn(email, { headers: { origin: PUBLIC, 'sec-fetch-site': 'same-origin' } });
  });

  test('the limits are those of any log-in, counted together', async () => {
    const strict = await serve({ ...dependencies, limits: new MemoryRateLimits() });
    const { email, ownerId } = await signedUp();
    const wrong = { on: strict, body: { email, password: 'wrong' } };
    const statuses: number[] = [];
    for (let at = 0; at < 4; at++) {
      statuses.push((await ask('POST', 'session', wrong)).status);
      statuses.push((await ask('POST', 'owners/login', wrong)).status);
    }
    expect(statuses).toContain(401);
    expect(statuses.at(-1)).toBe(429);
    expect(await types(ownerId)).toContain('OwnerSignInBlocked');
    const right = await ask('POST', 'session', { on: strict, body: { email, password: PASSWORD } });
    expect([right.status, right.kept]).toEqual([429, undefined]);
    expect(right.headers.get('retry-after')).toMatch(/^\d+$/);
    await strict.stop();
  });
});

describe('a request by the cookie', () => {
  test.each([
    [{}],
    [{ 'x-launchdb-console': '0' }],
    [{ ...MARK, 'sec-fetch-site': 'cross-site' }],
    [{ ...MARK, 'sec-fetch-site': 'same-site' }],
    [{ ...MARK, origin: 'https://evil.example' }],
    [{ ...MARK, origin: 'null' }],
    [{ ...MARK, origin: 'http://db.example.com' }],
    // what people try where a method is looked at
    [{ 'x-http-method-override': 'GET' }],
  ])('changes nothing with %j', async (headers) => {
    const { cookie, ownerId } = await signedIn();
    const answers = [
      await ask('DELETE', 'session', { cookie, headers }),
      await ask('DELETE', 'session?everywhere=true', { cookie, headers }),
      await ask('DELETE', 'owners/me', { cookie, headers, body: { password: PASSWORD } }),
    ];
    for (const { status, body, kept } of answers)
      expect([status, body['type'], kept]).toEqual([403, '/docs#request/forbidden', undefined]);
    expect(await isIn(cookie)).toBe(true);
    expect(await types(ownerId)).toEqual(['OwnerRegistered', 'OwnerSignedIn']);
  });

  test('a bearer token wins, a bad one too', async () => {
    const [ann, bob] = [await signedIn(), await signedUp()];
    const { body } = await ask('POST', 'owners/login', { body: { email: bob.email, password: PASSWORD } });
    const authorization = `Bearer ${String(body['access_token'])}`;
    const both = { cookie: ann.cookie, headers: { authorization } };
    expect((await ask('GET', 'session', both)).body['owner_id']).toBe(bob.ownerId);
    const bad = await ask('GET', 'session', { ...both, headers: { authorization: 'Bearer x' } });
    expect([bad.status, bad.kept]).toEqual([401, undefined]);
    // it ends no session of the browser's, also not by mistake
    expect((await ask('DELETE', 'session', both)).status).toBe(403);
    expect(await isIn(ann.cookie)).toBe(true);
  });

  test('without a cookie that is ours nobody is asked to forget one', async () => {
    for (const cookie of ['', 'a=1', `launchdb=${'x'.repeat(43)}`]) {
      const { status, kept } = await asks(cookie);
      expect([status, kept]).toEqual([401, undefined]);
    }
  });

  test.each(['', 'x', 'A'.repeat(43), "' OR true --", '%00', 'A'.repeat(20_000)])(
    'with a token that is none, number %#, is nobody',
    async (token) => expectEnded(await asks(`__Host-launchdb=${token}`)),
  );

  test('with two such cookies is nobody: one of them was put there', async () => {
    const [ann, mallory] = [await signedIn(), await signedIn()];
    expectEnded(await asks(`${mallory.cookie}; ${ann.cookie}`));
    expectEnded(await asks(`${ann.cookie}; ${mallory.cookie}`));
    expect(await isIn(ann.cookie)).toBe(true);
  });

  test('a refresh token in the cookie opens nothing, nor a cookie’s token anything else', async () => {
    const { email, cookie } = await signedIn();
    const { body } = await ask('POST', 'owners/login', { body: { email, password: PASSWORD } });
    expectEnded(await asks(`__Host-launchdb=${String(body['refresh_token'])}`));
    const token = cookie.slice('__Host-launchdb='.length);
    expect((await ask('POST', 'owners/refresh', { body: { refresh_token: token } })).status).toBe(401);
    const headers = { authorization: `Bearer ${token}` };
    expect((await ask('GET', 'session', { headers })).status).toBe(401);
  });
});

describe('a session', () => {
  test('goes on as long as it is used within 7 days, for 30 days; of two windows each keeps it open', async () => {
    const { cookie } = await signedIn();
    const { cookie: idle } = await signedIn();
    try {
      for (const day of [6.9, 13.7, 20.5, 27.3, 29.9]) {
        time.ms = day * DAY_MS;
        expect((await Promise.all([isIn(cookie), isIn(cookie)])).every(Boolean)).toBe(true);
      }
      expectEnded(await asks(idle));
      time.ms = 30 * DAY_MS;
      expectEnded(await asks(cookie));
    } finally {
      time.ms = 0;
    }
  });

  test('signed out in one window is signed out in the other, and in no other browser', async () => {
    const { email, ownerId, cookie } = await signedIn();
    const other = await signIn(email);
    const { status, kept } = await ask('DELETE', 'session', { cookie, headers: MARK });
    expect([status, kept]).toEqual([204, expect.stringContaining('Max-Age=0')]);
    expectEnded(await asks(cookie));
    expectEnded(await ask('DELETE', 'session', { cookie, headers: MARK }));
    expect(await isIn(other)).toBe(true);
    expect(await types(ownerId)).toEqual([
      'OwnerRegistered',
      'OwnerSignedIn',
      'OwnerSignedIn',
      'OwnerSignedOut',
    ]);
  });

  test('signed out everywhere, no session is left, of either kind; one event tells it', async () => {
    const { email, ownerId, cookie } = await signedIn();
    const other = await signIn(email);
    const { body } = await ask('POST', 'owners/login', { body: { email, password: PASSWORD } });
    const stranger = await signedIn();
    const answer = await ask('DELETE', 'session?everywhere=true', { cookie, headers: MARK });
    expect([answer.status, answer.kept]).toEqual([204, expect.stringContaining('Max-Age=0')]);
    for (const one of [cookie, other]) expectEnded(await asks(one));
    const refreshed = await ask('POST', 'owners/refresh', { body: { refresh_token: body['refresh_token'] } });
    expect(refreshed.status).toBe(401);
    // until it expires
    const headers = { authorization: `Bearer ${String(body['access_token'])}` };
    expect((await ask('GET', 'session', { headers })).status).toBe(200);
    expect(await isIn(stranger.cookie)).toBe(true);
    const signedOut = (await types(ownerId)).filter((type) => type.startsWith('OwnerSignedOut'));
    expect(signedOut).toEqual(['OwnerSignedOutEverywhere']);
  });

  test('of an owner who is erased is over', async () => {
    const { email, cookie } = await signedIn();
    const other = await signIn(email);
    const erased = await ask('DELETE', 'owners/me', { cookie, headers: MARK, body: { password: PASSWORD } });
    expect(erased.status).toBe(204);
    for (const one of [cookie, other]) expectEnded(await asks(one));
  });
});

/** Answers that go on, open on both servers. @returns whether each is still open, and when all have ended: how */
async function openedBy(headers: Record<string, string>, path = 'events') {
  const answers = await Promise.all(
    [server, other].map((on) => fetch(`http://127.0.0.1:${on.port}/api/${path}`, { headers })),
  );
  const ends = answers.map(async (answer) => {
    expect(answer.status).toBe(200);
    const reader = answer.body!.getReader();
    await reader.read();
    const rest = (): Promise<string> =>
      reader.read().then(
        ({ done }) => (done ? 'ended' : rest()),
        () => 'broke off',
      );
    return { rest: rest() };
  });
  const begun = await Promise.all(ends);
  let open = begun.length;
  for (const { rest } of begun) void rest.then(() => open--);
  return {
    ended: Promise.all(begun.map(({ rest }) => rest)),
    isOpen: () => open === begun.length,
  };
}
const BOTH_ENDED = ['ended', 'ended'];
const ofToken = (token: string) => ({ authorization: `Bearer ${token}` });
const metadataOf = (id: string) => ({
  correlationId: 'c',
  causationId: null,
  actor: { kind: 'owner', id } as const,
  reason: 'test',
});
const accessToken = async (email: string) =>
  String((await ask('POST', 'owners/login', { body: { email, password: PASSWORD } })).body['access_token']);

const ofAccess = (token: string) => ({ headers: ofToken(token) });

describe('an answer that goes on ends on every server', () => {
  test('when its session is signed out, and that of no other', async () => {
    const { email, cookie } = await signedIn();
    const [mine, others] = [await openedBy({ cookie }), await openedBy({ cookie: await signIn(email) })];
    const program = await openedBy(ofToken(await accessToken(email)));
    await ask('DELETE', 'session', { cookie, headers: MARK });
    expect(await mine.ended).toEqual(BOTH_ENDED);
    // what happens to the owner meanwhile ends none either
    await signIn(email);
    expect([others.isOpen(), program.isOpen()]).toEqual([true, true]);
    await ask('DELETE', 'session?everywhere=true', ofAccess(await accessToken(email)));
    expect(await Promise.all([others.ended, program.ended])).toEqual([BOTH_ENDED, BOTH_ENDED]);
  });

  test('when its token is revoked; signing out everywhere ends sessions alone', async () => {
    const { cookie, ownerId } = await signedIn();
    const issuing = { ...dependencies, personalTokens };
    const [one, two] = await Promise.all(
      ['one', 'two'].map((name) =>
        issueToken(
          issuing,
          ownerId,
          { name, scopes: ['read'], projectId: null, expiresAt: null },
          metadataOf(ownerId),
        ),
      ),
    );
    const [first, second] = [await openedBy(ofToken(one!.token)), await openedBy(ofToken(two!.token))];
    await revokeToken(issuing, ownerId, one!.tokenId, metadataOf(ownerId));
    expect(await first.ended).toEqual(BOTH_ENDED);
    await ask('DELETE', 'session?everywhere=true', { cookie, headers: MARK });
    expect(second.isOpen()).toBe(true);
    await revokeToken(issuing, ownerId, two!.tokenId, metadataOf(ownerId));
    await second.ended;
  });

  test('when its time is over, whether anything happens or not', async () => {
    const { email, cookie, ownerId } = await signedIn();
    const over = Date.now() + 30 * DAY_MS;
    const before = (ms: number) => (time.ms = over - Date.now() - ms);
    const day = { name: 'day', scopes: ['read'] as const, projectId: null, expiresAt: new Date(over) };
    const issuing = { ...dependencies, personalTokens };
    const { token } = await issueToken(issuing, ownerId, day, metadataOf(ownerId));
    try {
      for (const days of [24, 18, 12, 6]) {
        before(days * DAY_MS);
        await asks(cookie);
      }
      before(15 * 60_000);
      const all = [{ cookie }, ofToken(token), ofToken(await accessToken(email))];
      // however long it takes to open them, they are open before it is over
      const opened = async (ms: number) => {
        before(ms);
        return Promise.all(all.map((headers) => openedBy(headers)));
      };
      const streams = await opened(4_000).catch(() => opened(60_000));
      expect(await Promise.all(streams.map(({ ended }) => ended))).toEqual(all.map(() => BOTH_ENDED));
    } finally {
      time.ms = 0;
    }
  }, 100_000);

  test('when its owner is erased; what was to be a whole file breaks off', async () => {
    const { email, cookie } = await signedIn();
    const access = await accessToken(email);
    const file = await openedBy(ofToken(access), 'rows');
    await ask('DELETE', 'owners/me', { cookie, headers: MARK, body: { password: PASSWORD } });
    expect(await file.ended).toEqual(['broke off', 'broke off']);
  });
});

test('the token is in no log line, no event and no table: its hash is', async () => {
  const { rows } = await pool.query<{ all: string }>(
    `SELECT string_agg(e::text, '') || (SELECT string_agg(s::text, '') FROM accounts.sessions s) AS all FROM log.events e`,
  );
  const everything = lines.join('') + rows[0]!.all;
  expect(secrets.size).toBeGreaterThan(10);
  for (const secret of secrets) {
    expect(everything.includes(secret)).toBe(false);
    const hex = Buffer.from(secret, 'base64url').toString('hex');
    expect(everything.includes(hex)).toBe(false);
  }
  const { cookie } = await signedIn();
  const token = cookie.slice('__Host-launchdb='.length);
  const hash = createHash('sha256').update(token).digest();
  const found = await pool.query('SELECT kind FROM accounts.sessions WHERE token_hash = $1', [hash]);
  expect(found.rows).toEqual([{ kind: 'browser' }]);
});
