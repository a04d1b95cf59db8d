import { randomBytes, randomUUID } from 'node:crypto';
import { UnsecuredJWT } from 'jose';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { InMemoryTurns } from '../../infrastructure/postgres/in-memory-turns.ts';
import { issueInvite } from '../../application/owner/invites.ts';
import { inviteStream } from '../../domain/owner/invite.ts';
import type { EraseOwnerDependencies } from '../../application/owner/erase-owner.ts';
import type { LogInDependencies } from '../../application/owner/log-in.ts';
import { signUp } from '../../application/owner/sign-up.ts';
import type { EventMetadata, EventStore, StoredEvent } from '../../application/ports/event-store.ts';
import { StreamNotFound } from '../../application/ports/event-store.ts';
import { ownerStream } from '../../domain/owner/events.ts';
import { AesEmailVault } from '../../infrastructure/crypto/aes-email-vault.ts';
import { Argon2Passwords } from '../../infrastructure/crypto/argon2-passwords.ts';
import { JoseTokens } from '../../infrastructure/crypto/jose-tokens.ts';
import { RandomIds } from '../../infrastructure/crypto/random-ids.ts';
import { eventCatalogue } from '../../infrastructure/event-store/codec/event-catalogue.ts';
import { PostgresEventStore } from '../../infrastructure/event-store/postgres/postgres-event-store.ts';
import { pinoLog } from '../../infrastructure/observability/pino-log.ts';
import { testPlatform, type TestPlatform } from '../../infrastructure/testing/platform-tables.ts';
import { PostgresOwnerAccounts } from '../../infrastructure/postgres/postgres-owner-accounts.ts';
import { SystemClock } from '../../infrastructure/process/system-clock.ts';
import {
  MemoryRateLimits,
  type MemoryRateLimitOptions,
} from '../../infrastructure/rate-limiter/memory-rate-limits.ts';
import { bearer, ownerAuthentication } from './authenticate-owner.ts';
import { Metrics } from '../http/metrics.ts';
import { createServer, type HttpServer } from '../http/server.ts';
import { ownerEndpoints } from './owners.ts';

const PASSWORD = 'a long-enough s3cret';
const MANY = { points: 10_000, perSeconds: 60 };
const GENEROUS: MemoryRateLimitOptions = {
  uses: { 'sign-up-by-address': MANY, 'log-in-by-address': MANY, 'refresh-by-address': MANY },
};

const tokenKey = randomBytes(32);
let platform: TestPlatform;
let pool: pg.Pool;
let store: PostgresEventStore;
let dependencies: LogInDependencies;
let server: HttpServer;
const lines: string[] = [];
/** everything secret that went over the wire in this file */
const secrets = new Set<string>([PASSWORD]);

beforeAll(async () => {
  platform = await testPlatform();
  ({ pool } = platform);
  const { connection } = platform;
  store = new PostgresEventStore({ pool, connection, catalogue: eventCatalogue });
  const clock = new SystemClock();
  dependencies = {
    store,
    clock,
    ids: new RandomIds(randomBytes(32)),
    accounts: new PostgresOwnerAccounts(pool),
    passwords: new Argon2Passwords(),
    tokens: new JoseTokens(tokenKey, clock),
    vault: new AesEmailVault(randomBytes(32)),
    limits: new MemoryRateLimits(GENEROUS),
    turns: new InMemoryTurns(),
    signUpMode: 'open',
  };
  server = await serve();
});

afterAll(async () => {
  await server.stop();
  await store.close();
  await platform[Symbol.asyncDispose]();
});

/** what an owner seems to have left */
let projectsLeft = 0;

async function serve(
  more: Partial<EraseOwnerDependencies> = {},
  trustedProxies: readonly string[] = [],
): Promise<HttpServer> {
  const started = createServer({
    name: 'platform-api',
    port: 0,
    portVariable: 'PLATFORM_PORT',
    endpoints: ownerEndpoints({ ...dependencies, projectsOf: () => Promise.resolve(projectsLeft), ...more }),
    authenticate: ownerAuthentication(bearer(dependencies.tokens)),
    log: pinoLog({ level: 'debug', destination: { write: (line) => void lines.push(line) } }),
    ready: async () => ({}),
    metrics: new Metrics(),
    trustedProxies,
  });
  await started.start();
  return started;
}

type Body = Record<string, unknown>;
interface Answer {
  readonly status: number;
  readonly body: Body;
  readonly headers: Headers;
}

async function call(
  path: string,
  body?: unknown,
  more: { on?: HttpServer; token?: string; address?: string } = {},
): Promise<Answer> {
  const response = await fetch(`http://127.0.0.1:${(more.on ?? server).port}/api/owners/${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      'content-type': 'application/json',
      ...(more.address !== undefined && { 'x-forwarded-for': more.address }),
      ...(more.token !== undefined && { authorization: `Bearer ${more.token}` }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const answer = {
    status: response.status,
    body: (text ? JSON.parse(text) : {}) as Body,
    headers: response.headers,
  };
  for (const name of ['access_token', 'refresh_token']) {
    if (typeof answer.body[name] === 'string') secrets.add(answer.body[name]);
  }
  return answer;
}

const newEmail = () => `ann-${randomUUID()}@example.org`;

async function signedUp(): Promise<{ email: string; ownerId: string }> {
  const email = newEmail();
  const { status, body } = await call('signup', { email, password: PASSWORD });
  expect(status).toBe(201);
  return { email, ownerId: body['owner_id'] as string };
}

async function signedIn() {
  const owner = await signedUp();
  const { status, body } = await call('login', { email: owner.email, password: PASSWORD });
  expect(status).toBe(200);
  return { ...owner, access: body['access_token'] as string, refresh: body['refresh_token'] as string };
}

async function history(ownerId: string): Promise<readonly StoredEvent[]> {
  return store.readStream(ownerStream(ownerId)).catch((error: unknown) => {
    if (error instanceof StreamNotFound) return [];
    throw error;
  });
}

const types = async (ownerId: string) => (await history(ownerId)).map(({ type }) => type);

function expectProblem({ status, body }: Answer, expected: number, code: string): void {
  expect({ status, type: body['type'] }).toEqual({ status: expected, type: `/docs#${code}` });
}

describe('signing up', () => {
  test('gives an account, and a first event with a sealed address', async () => {
    const email = newEmail();
    const { status, body } = await call('signup', { email: ` ${email.toUpperCase()} `, password: PASSWORD });
    expect(status).toBe(201);
    expect(body).toEqual({
      owner_id: expect.stringMatching(/^own_[0-9a-f]{16}$/),
      email,
      created_at: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    const ownerId = body['owner_id'] as string;
    const [event] = await history(ownerId);
    expect(event).toMatchObject({
      type: 'OwnerRegistered',
      data: { ownerId },
      metadata: { actor: { kind: 'owner', id: ownerId }, ip: '127.0.0.1' },
    });
    expect(JSON.stringify(event?.data)).not.toContain('example.org');
    const key = await dependencies.accounts.sealedKey(ownerId);
    const { sealedEmail } = event!.data as { sealedEmail: string };
    expect(dependencies.vault.open(ownerId, key!, sealedEmail)).toBe(email);
  });

  test('of many with one address at once exactly one wins', async () => {
    const email = newEmail();
    const spellings = [email, email.toUpperCase(), ` ${email}`, email, email, email];
    const answers = await Promise.all(
      spellings.map((each) => call('signup', { email: each, password: PASSWORD })),
    );
    const won = answers.filter(({ status }) => status === 201);
    expect(won).toHaveLength(1);
    for (const lost of answers.filter((answer) => answer !== won[0]))
      expectProblem(lost, 409, 'owner/email-taken');
    expect(await types(won[0]!.body['owner_id'] as string)).toEqual(['OwnerRegistered']);
  });

  test.each([
    [{ email: 'nobody', password: PASSWORD }, '/body/email'],
    [{ email: `${'x'.repeat(400)}@example.org`, password: PASSWORD }, '/body/email'],
    [{ email: 'a\0@example.org', password: PASSWORD }, '/body/email'],
    [{ email: 'a@example.org', password: 'short' }, '/body/password'],
    [{ email: 'a@example.org', password: 'x'.repeat(201) }, '/body/password'],
    [{ email: 'a@example.org', password: `${PASSWORD}\0` }, '/body/password'],
    [{ email: ['a@example.org'], password: PASSWORD }, '/body/email'],
    [{ email: 'a@example.org', password: { $ne: null } }, '/body/password'],
    [{ email: 'a@example.org', password: PASSWORD, owner_id: 'own_0000000000000000' }, '/body'],
  ])('%j is refused', async (body, pointer) => {
    const answer = await call('signup', body);
    expectProblem(answer, 400, 'request/invalid');
    expect(answer.body['errors']).toMatchObject([{ pointer }]);
  });

  test('SQL in every field stays text', async () => {
    const email = `o'--;drop-table-${randomUUID().slice(0, 8)}@example.org`;
    expect((await call('signup', { email, password: "'; DROP TABLE accounts.owners; --" })).status).toBe(400);
    const plain = email.replace(';', '');
    expect(
      (await call('signup', { email: plain, password: "'; DROP TABLE accounts.owners; --" })).status,
    ).toBe(201);
    expect((await call('login', { email: plain, password: "' OR '1'='1" })).status).toBe(401);
  });

  describe('when an earlier try died between the rows and the event', () => {
    const metadata: EventMetadata = {
      correlationId: 'c',
      causationId: null,
      actor: { kind: 'system', id: 't' },
      reason: 'test',
    };
    const dying = (): EventStore => ({
      ...boundTo(store),
      append: () => Promise.reject(new Error('died here')),
    });

    async function died(): Promise<{ email: string; ownerId: string }> {
      const email = newEmail();
      await expect(
        signUp({ ...dependencies, store: dying() }, { email, password: PASSWORD }, metadata),
      ).rejects.toThrow('died');
      const { ownerId } = (await dependencies.accounts.findByEmail(email))!;
      expect(await history(ownerId)).toEqual([]);
      return { email, ownerId };
    }

    test('the same again completes it, once', async () => {
      const { email, ownerId } = await died();
      expectProblem(
        await call('signup', { email, password: 'somebody else here' }),
        409,
        'owner/email-taken',
      );
      expect(await types(ownerId)).toEqual([]);
      const answers = await Promise.all([1, 2, 3].map(() => call('signup', { email, password: PASSWORD })));
      expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409, 409]);
      expect(answers.find(({ status }) => status === 201)?.body['owner_id']).toBe(ownerId);
      expect(await types(ownerId)).toEqual(['OwnerRegistered']);
    });

    test('a login completes it', async () => {
      const { email, ownerId } = await died();
      expect((await call('login', { email, password: PASSWORD })).status).toBe(200);
      expect(await types(ownerId)).toEqual(['OwnerRegistered', 'OwnerSignedIn']);
    });
  });
});

/** The methods of an instance as a plain object, to replace some of them. */
const boundTo = (from: EventStore): EventStore => ({
  capabilities: from.capabilities,
  append: (...args) => from.append(...args),
  readStream: (...args) => from.readStream(...args),
  readAll: (...args) => from.readAll(...args),
  subscribe: (...args) => from.subscribe(...args),
  head: () => from.head(),
  verifyChain: (...args) => from.verifyChain(...args),
  verifyEvent: (...args) => from.verifyEvent(...args),
  close: () => from.close(),
});

describe('signing up with an invite', () => {
  const metadata: EventMetadata = {
    correlationId: 'c',
    causationId: null,
    actor: { kind: 'operator', id: 'cli' },
    reason: 'launchdb invite',
  };
  const inMs = (ms: number) => new Date(Date.now() + ms);
  async function issued(email?: string, expiresAt = inMs(60_000)): Promise<string> {
    const code = await issueInvite(dependencies, { email, expiresAt }, metadata);
    secrets.add(code);
    return code;
  }
  const used = async (code: string) =>
    (await store.readStream(inviteStream(dependencies.tokens.hash(code)))).map(({ type }) => type);

  /** counts what an attempt costs */
  let hashed = 0;
  const passwords = (): LogInDependencies['passwords'] => ({
    hash: (...given) => (hashed++, dependencies.passwords.hash(...given)),
    verify: (...given) => (hashed++, dependencies.passwords.verify(...given)),
    isOutdated: () => false,
    load: dependencies.passwords.load,
  });
  let invited: HttpServer;
  beforeAll(async () => {
    invited = await serve({ signUpMode: 'invite', passwords: passwords() });
  });
  afterAll(() => invited.stop());
  const enter = (body: { email?: string; password?: string; invite?: string }, on = invited) =>
    call('signup', { email: newEmail(), password: PASSWORD, ...body }, { on });

  test('it is good once, and the account is like any other', async () => {
    const [email, invite] = [newEmail(), await issued()];
    expect(invite).toMatch(/^ldi_[\w-]{43}$/);
    const { status, body } = await enter({ email, invite });
    expect(status).toBe(201);
    const ownerId = body['owner_id'] as string;
    const [first, second] = await store.readStream(inviteStream(dependencies.tokens.hash(invite)));
    expect(first).toMatchObject({ type: 'InviteIssued', data: { addressHash: null } });
    expect(second).toMatchObject({
      type: 'InviteUsed',
      data: { ownerId },
      metadata: { actor: { kind: 'owner', id: ownerId } },
    });
    expect((await call('login', { email, password: PASSWORD }, { on: invited })).status).toBe(200);
    expect(await types(ownerId)).toEqual(['OwnerRegistered', 'OwnerSignedIn']);
    hashed = 0;
    expectProblem(await enter({ invite }), 403, 'owner/invite-needed');
    expectProblem(await enter({ email, invite }), 409, 'owner/email-taken');
    await dependencies.accounts.erase(ownerId);
    expectProblem(await enter({ email, invite }), 403, 'owner/invite-needed');
    expect(hashed).toBe(0);
  });

  test('without a right one nobody gets in, and no password is hashed', async () => {
    const mine = await issued(newEmail());
    const late = await issued(undefined, inMs(0));
    hashed = 0;
    for (const invite of ['x', `ldi_${'A'.repeat(43)}`, mine, late, `${mine}\0`, "' OR true --"]) {
      const answer = await enter({ invite });
      expect([invite, answer.status]).toEqual([invite, invite.includes('\0') ? 400 : 403]);
    }
    expectProblem(await enter({}), 403, 'owner/invite-needed');
    expect(hashed).toBe(0);
    for (const code of [mine, late]) expect(await used(code)).toEqual(['InviteIssued']);
    const { email } = await signedUp();
    expectProblem(await enter({ email }), 403, 'owner/invite-needed');
  });

  test('one for an address is for that address', async () => {
    const email = newEmail();
    const invite = await issued(email);
    expectProblem(await enter({ invite }), 403, 'owner/invite-needed');
    expect((await enter({ email: email.toUpperCase(), invite })).status).toBe(201);
  });

  test('an address that has an account does not use it up', async () => {
    const [{ email }, invite] = [await signedUp(), await issued()];
    expectProblem(await enter({ email, invite }), 409, 'owner/email-taken');
    expect((await enter({ invite })).status).toBe(201);
  });

  test('of many with one code at once exactly one gets in', async () => {
    const invite = await issued();
    const answers = await Promise.all(Array.from({ length: 6 }, () => enter({ invite })));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      201,
      ...Array<number>(5).fill(403),
    ]);
    expect(await used(invite)).toEqual(['InviteIssued', 'InviteUsed']);
  });

  test('trying codes is bounded as signing up is', async () => {
    const strict = await serve({ signUpMode: 'invite', limits: new MemoryRateLimits() });
    const answers = await Promise.all(Array.from({ length: 12 }, () => enter({ invite: 'x' }, strict)));
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(2);
    await strict.stop();
  });

  /** A sign-up whose process dies at the nth write of what is recorded or stored. */
  async function died(body: { email: string; invite: string }, write: number): Promise<void> {
    let left = write;
    const dying = async <T>(work: () => Promise<T>): Promise<T> => {
      if (left-- === 0) throw new Error('died here');
      return work();
    };
    const { accounts } = dependencies;
    const create: typeof accounts.create = (account) => dying(() => accounts.create(account));
    const mortal: LogInDependencies = {
      ...dependencies,
      signUpMode: 'invite',
      store: { ...boundTo(store), append: (...args) => dying(() => store.append(...args)) },
      accounts: Object.assign(Object.create(accounts) as typeof accounts, {
        create,
        sealedKey: (id: string) => accounts.sealedKey(id),
        findByEmail: (email: string) => accounts.findByEmail(email),
      }),
    };
    await expect(signUp(mortal, { ...body, password: PASSWORD }, metadata)).rejects.toThrow('died');
  }

  test.each([
    ['before the invite is used', 0],
    ['before the account is made', 1],
    ['before the account is registered', 2],
  ])('who dies %s goes on with the same code, and nobody else', async (_, write) => {
    const [email, invite] = [newEmail(), await issued()];
    await died({ email, invite }, write);
    expect(await used(invite)).toEqual(write === 0 ? ['InviteIssued'] : ['InviteIssued', 'InviteUsed']);
    if (write === 2) {
      const login = await call('login', { email, password: PASSWORD }, { on: invited });
      expectProblem(login, 403, 'owner/invite-needed');
      expectProblem(await enter({ email }), 403, 'owner/invite-needed');
      expectProblem(await enter({ invite }), 403, 'owner/invite-needed');
      expectProblem(await enter({ email, invite, password: 'somebody else here' }), 409, 'owner/email-taken');
    }
    const answers = await Promise.all([1, 2, 3].map(() => enter({ email, invite })));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    const { ownerId } = (await dependencies.accounts.findByEmail(email))!;
    expect(await types(ownerId)).toEqual(['OwnerRegistered']);
    expectProblem(await enter({ invite }), 403, 'owner/invite-needed');
  });

  test('what was left unfinished while sign-up was open is finished with an invite', async () => {
    const email = newEmail();
    const store_: EventStore = { ...boundTo(store), append: () => Promise.reject(new Error('died here')) };
    const attempt = signUp({ ...dependencies, store: store_ }, { email, password: PASSWORD }, metadata);
    await expect(attempt).rejects.toThrow('died');
    const { ownerId } = (await dependencies.accounts.findByEmail(email))!;
    const invite = await issued();
    expectProblem(await enter({ email, invite, password: 'somebody else here' }), 409, 'owner/email-taken');
    expect((await enter({ email, invite })).body['owner_id']).toBe(ownerId);
  });

  test('closed: nobody, and the first owner by an invite', async () => {
    const closed = await serve({ signUpMode: 'closed' });
    await signedUp();
    expectProblem(await enter({ invite: await issued() }, closed), 403, 'owner/signup-closed');
    const everybody = await pool.query<{ owner_id: string }>('SELECT owner_id FROM accounts.owners');
    for (const { owner_id: ownerId } of everybody.rows) await dependencies.accounts.erase(ownerId);
    expectProblem(await enter({}, closed), 403, 'owner/invite-needed');
    const invites = await Promise.all([1, 2, 3].map(() => issued()));
    const answers = await Promise.all(invites.map((invite) => enter({ invite }, closed)));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 403, 403]);
    for (const lost of answers.filter(({ status }) => status === 403))
      expectProblem(lost, 403, 'owner/signup-closed');
    await closed.stop();
  });
});

describe('logging in', () => {
  test('gives tokens that name the owner', async () => {
    const { email, ownerId } = await signedUp();
    const { body } = await call('login', { email: email.toUpperCase(), password: PASSWORD });
    expect(body).toEqual({
      access_token: expect.any(String),
      token_type: 'Bearer',
      expires_in: 900,
      refresh_token: expect.stringMatching(/^[\w-]{43}$/),
    });
    const me = await call('me', undefined, { token: body['access_token'] as string });
    expect(me.body).toMatchObject({ owner_id: ownerId, email });
    expect(await types(ownerId)).toEqual(['OwnerRegistered', 'OwnerSignedIn']);
  });

  test('an unknown address and a wrong password get the same answer', async () => {
    const { email } = await signedUp();
    const wrong = await call('login', { email, password: 'not the password' });
    const unknown = await call('login', { email: newEmail(), password: PASSWORD });
    expectProblem(wrong, 401, 'owner/invalid-credentials');
    const { instance: one, ...same } = wrong.body;
    const { instance: two, ...same2 } = unknown.body;
    expect(same2).toEqual(same);
    expect(one).not.toBe(two);
    expect(wrong.headers.get('www-authenticate')).toContain('Bearer');
  });

  test('many right ones at once all succeed', async () => {
    const { email } = await signedUp();
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => call('login', { email, password: PASSWORD })),
    );
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(new Set(answers.map(({ body }) => body['refresh_token'])).size).toBe(6);
  });

  test('wrong passwords delay who sends them, and never who has the right one', async () => {
    const behind = await serve({}, ['loopback']);
    const from = (address: string, email: string, password: string) =>
      call('login', { email, password }, { on: behind, address });
    const { email, ownerId } = await signedUp();
    const password = 'not the password';
    const guesses = await Promise.all(Array.from({ length: 5 }, () => from('192.0.2.1', email, password)));
    expect(guesses.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([401, 401, 401, 401, 429]);
    const delayed = await from('192.0.2.1', email, PASSWORD);
    expectProblem(delayed, 429, 'request/too-many');
    expect(Number(delayed.headers.get('retry-after'))).toBeLessThanOrEqual(60);
    expect(delayed.body['detail']).toContain('wrong passwords for an account from an address');
    for (let stranger = 2; stranger < 5; stranger++) {
      await Promise.all(Array.from({ length: 5 }, () => from(`192.0.2.${stranger}`, email, password)));
    }
    expect((await from('198.51.100.1', email, PASSWORD)).status).toBe(200);
    expect(await types(ownerId)).toEqual(['OwnerRegistered', 'OwnerSignInBlocked', 'OwnerSignedIn']);
    const unknown = newEmail();
    for (let tries = 0; tries < 4; tries++) await from('192.0.2.1', unknown, password);
    expectProblem(await from('192.0.2.1', unknown, password), 429, 'request/too-many');
    await behind.stop();
  });

  test('an address has ten a minute, whatever the account', async () => {
    const strict = await serve({ limits: new MemoryRateLimits() });
    const guess = () => call('login', { email: newEmail(), password: PASSWORD }, { on: strict });
    const answers = await Promise.all(Array.from({ length: 12 }, guess));
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(2);
    expect(answers.find(({ status }) => status === 429)?.headers.get('retry-after')).toMatch(/^\d+$/);
    await strict.stop();
  });

  test('more than can be hashed get 503', async () => {
    const small = await serve({ passwords: new Argon2Passwords({ concurrency: 1, queueLength: 1 }) });
    const guess = () => call('login', { email: newEmail(), password: PASSWORD }, { on: small });
    const answers = await Promise.all(Array.from({ length: 8 }, guess));
    const busy = answers.filter(({ status }) => status === 503);
    expect(busy.length).toBeGreaterThan(0);
    expectProblem(busy[0]!, 503, 'platform/unavailable');
    await small.stop();
  });
});

describe('refreshing', () => {
  test('gives new tokens; the old one ends the whole session', async () => {
    const { ownerId, refresh } = await signedIn();
    const { status, body } = await call('refresh', { refresh_token: refresh });
    expect(status).toBe(200);
    expect((await call('me', undefined, { token: body['access_token'] as string })).status).toBe(200);
    for (const token of [refresh, body['refresh_token'], refresh]) {
      expectProblem(await call('refresh', { refresh_token: token }), 401, 'owner/invalid-refresh-token');
    }
    expect(await types(ownerId)).toEqual(['OwnerRegistered', 'OwnerSignedIn', 'OwnerSessionRevoked']);
  });

  test('another session of the owner goes on', async () => {
    const { email, refresh } = await signedIn();
    const other = await call('login', { email, password: PASSWORD });
    await call('refresh', { refresh_token: refresh });
    await call('refresh', { refresh_token: refresh });
    expect((await call('refresh', { refresh_token: other.body['refresh_token'] })).status).toBe(200);
  });

  test.each(['x', "' OR true --", 'A'.repeat(43), 'ü'])('%j is no token', async (token) => {
    expectProblem(await call('refresh', { refresh_token: token }), 401, 'owner/invalid-refresh-token');
  });
});

describe('logging out', () => {
  test('ends the session, as often as one likes', async () => {
    const { ownerId, refresh } = await signedIn();
    for (let times = 0; times < 2; times++) {
      expect((await call('logout', { refresh_token: refresh })).status).toBe(204);
    }
    expect((await call('logout', { refresh_token: 'unknown' })).status).toBe(204);
    expectProblem(await call('refresh', { refresh_token: refresh }), 401, 'owner/invalid-refresh-token');
    expect(await types(ownerId)).toEqual(['OwnerRegistered', 'OwnerSignedIn', 'OwnerSignedOut']);
  });
});

describe('an access token', () => {
  const foreign = () => new JoseTokens(randomBytes(32), new SystemClock());
  test('is refused when forged, expired, unsigned or not there', async () => {
    const hourAgo = {
      now: () => new Date(Date.now() - 3_600_000),
      elapsedMs: () => 0,
      sleep: () => Promise.resolve(),
    };
    const { ownerId, access } = await signedIn();
    const [header, payload, signature] = access.split('.');
    const claims = { sub: ownerId, iss: 'launchdb', aud: 'launchdb-platform' };
    const tokens = [
      '',
      'x',
      access.slice(0, -2),
      `${header}.${payload}.`,
      `${header}.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.${signature}`,
      new UnsecuredJWT(claims).setIssuedAt().setExpirationTime('1h').encode(),
      (await foreign().issueAccessToken(ownerId)).token,
      (await new JoseTokens(tokenKey, hourAgo).issueAccessToken(ownerId)).token,
      `${access} ${access}`,
    ];
    for (const token of tokens) {
      const answer = await call('me', undefined, { token });
      expectProblem(answer, 401, 'request/unauthenticated');
      expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
    }
    expect((await call('me')).headers.get('www-authenticate')).toBe('Bearer realm="launchdb"');
    expect((await call('me', undefined, { token: access })).status).toBe(200);
  });

  test('of an owner who has no account any more is refused', async () => {
    const { token } = await dependencies.tokens.issueAccessToken('own_ffffffffffffffff');
    expectProblem(await call('me', undefined, { token }), 401, 'request/unauthenticated');
  });
});

test('no secret is in a log line, an event or a table', async () => {
  const { refresh } = await signedIn();
  await call('refresh', { refresh_token: refresh });
  const broken = await serve({
    accounts: new PostgresOwnerAccounts(
      new pg.Pool({ connectionString: `postgres://u:${PASSWORD.replaceAll(' ', '')}@127.0.0.1:1/x` }),
    ),
  });
  expect((await call('login', { email: newEmail(), password: PASSWORD }, { on: broken })).status).toBe(503);
  await broken.stop();
  secrets.add(PASSWORD.replaceAll(' ', ''));
  expect(lines.length).toBeGreaterThan(20);
  expect(lines.some((line) => line.includes('platform/unavailable'))).toBe(true);
  const { rows } = await pool.query<{ all: string }>(
    `SELECT string_agg(e::text, '') || (SELECT string_agg(r::text, '') FROM accounts.refresh_tokens r)
       || (SELECT string_agg(o::text, '') FROM accounts.owners o) AS all FROM log.events e`,
  );
  expect(secrets.size).toBeGreaterThan(10);
  const everything = lines.join('') + rows[0]!.all;
  for (const secret of secrets) expect(everything.includes(secret)).toBe(false);
  expect(lines.join('')).not.toContain('example.org');
});
