import { createHash, randomBytes } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, SignJWT, type JWTPayload } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Unavailable } from '../../application/errors.ts';
import {
  refusalOf as refusal,
  signInProvidersContract,
} from '../../application/ports/sign-in-providers.contract.ts';
import type { UsedProvider } from '../../application/ports/sign-in-providers.ts';
import { projectId } from '../../domain/project/project-id.ts';
import { guardedFetch } from '../network/guarded-fetch.ts';
import { startOpenIdServer, type OpenIdServer } from '../testing/open-id-server.ts';
import { OpenIdProviders } from './open-id-providers.ts';

const callback = 'http://localhost:9/project/proj_0123456789abcdef/auth/v1/callback';
const make = (mayBePrivate = true) =>
  new OpenIdProviders(guardedFetch({ mayBePrivate }), () => performance.now());
const random = () => randomBytes(32).toString('base64url');
const checks = () => ({ state: random(), verifier: random(), nonce: random() });
const closing: (() => Promise<unknown>)[] = [];
afterAll(() => Promise.all(closing.map((close) => close())));

let real: OpenIdServer;
beforeAll(async () => {
  real = await startOpenIdServer([callback]);
  closing.push(() => real.close());
  real.people.set('ann', { email: 'Ann@Example.com', email_verified: 'true', name: 'Ann' });
});

const used = (change: Partial<UsedProvider> = {}): UsedProvider => ({
  project: projectId('proj_0123456789abcdef'),
  name: 'acme',
  issuer: real.issuer,
  clientIds: [real.clientId],
  clientSecret: real.clientSecret,
  scopes: [],
  callback,
  ...change,
});

signInProvidersContract(
  'by openid-client, at a real provider',
  () => ({
    providers: make(),
    provider: used(),
    signIn: async (address) => new URL(await real.signIn(address, callback)).searchParams,
  }),
  random,
);

describe('a real provider', () => {
  test('a wrong secret is refused', async () => {
    const wanted = checks();
    const back = await real.signIn(await make().begin(used(), wanted, new Map()), callback);
    const said = new URL(back).searchParams;
    await refusal(make().finish(used({ clientSecret: 'wrong' }), wanted, said));
  });

  test('an app adds to what is asked, and replaces nothing of it', async () => {
    const wanted = checks();
    const further: [string, string][] = [
      ['prompt', 'login'],
      ['state', 'mine'],
      ['redirect_uri', 'https://evil.example'],
      ['Scope', 'admin'],
      ['request_uri', 'https://evil.example'],
    ];
    const url = new URL(await make().begin(used({ scopes: ['phone', 'email'] }), wanted, new Map(further)));
    expect(Object.fromEntries(url.searchParams)).toEqual({
      prompt: 'login',
      client_id: real.clientId,
      response_type: 'code',
      redirect_uri: callback,
      scope: 'openid email profile phone',
      state: wanted.state,
      nonce: wanted.nonce,
      code_challenge: createHash('sha256').update(wanted.verifier).digest('base64url'),
      code_challenge_method: 'S256',
    });
  });

  test('in a private network it is not asked, unless the operator says so', async () => {
    await expect(make(false).begin(used(), checks(), new Map())).rejects.toThrow(Unavailable);
  });
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(async () => server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const json = (res: Parameters<RequestListener>[1], body: unknown, status = 200) =>
  res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

/** Its keys are its own; what it says is up to the test. */
async function hostile({
  metadata = {},
  token,
  userInfo,
}: {
  metadata?: object;
  token?: (nonce: string) => Promise<unknown>;
  userInfo?: object | undefined;
}) {
  const { publicKey, privateKey } = await generateKeyPair('ES256');
  const { privateKey: another } = await generateKeyPair('ES256');
  const jwk = { ...(await exportJWK(publicKey)), kid: '1', alg: 'ES256' };
  const wanted = checks();
  const issuer = await serve((req, res) => {
    const path = req.url?.split('?')[0];
    if (path === '/.well-known/openid-configuration')
      json(res, {
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/keys`,
        id_token_signing_alg_values_supported: ['ES256'],
        ...(userInfo && { userinfo_endpoint: `${issuer}/me` }),
        ...metadata,
      });
    else if (path === '/me') json(res, userInfo);
    else if (path === '/keys') json(res, { keys: [jwk] });
    else if (path === '/token')
      void token?.(wanted.nonce).then((id_token) =>
        json(res, { access_token: 'at', token_type: 'bearer', id_token }),
      );
    else json(res, {}, 404);
  });
  const signed = (claims: JWTPayload, key = privateKey) =>
    new SignJWT({
      iss: issuer,
      aud: 'launchdb',
      sub: 'eve',
      email: 'eve@example.com',
      email_verified: true,
      ...claims,
    })
      .setProtectedHeader({ alg: 'ES256', kid: '1' })
      .setIssuedAt()
      .setExpirationTime(claims.exp ?? '5m')
      .sign(key);
  return { issuer, wanted, signed, another };
}

describe('a provider that lies', () => {
  const finish = async (
    make_: (one: Awaited<ReturnType<typeof hostile>>, nonce: string) => Promise<unknown>,
    userInfo?: object,
  ) => {
    const token = (nonce: string) => make_(one, nonce);
    const one: Awaited<ReturnType<typeof hostile>> = await hostile({ token, userInfo });
    const said = new URLSearchParams({ code: 'c', state: one.wanted.state });
    return make().finish(used({ issuer: one.issuer, clientSecret: null }), one.wanted, said);
  };

  test('one whose tokens are right is believed', async () => {
    const { account } = await finish((one, nonce) => one.signed({ nonce }));
    expect(account).toMatchObject({ id: 'eve', email: 'eve@example.com', emailVerified: true });
  });

  test('what its token leaves out is asked for, and has to be of the same person', async () => {
    const silent = (one: Awaited<ReturnType<typeof hostile>>, nonce: string) =>
      one.signed({ nonce, email: undefined, email_verified: undefined });
    const said = { sub: 'eve', email: 'Eve@Example.com', email_verified: true };
    expect((await finish(silent, said)).account).toMatchObject({
      email: 'eve@example.com',
      emailVerified: true,
    });
    await refusal(finish(silent, { ...said, sub: 'ann' }));
    await refusal(finish(silent, { ...said, sub: undefined }));
  });

  test.each<[string, (one: Awaited<ReturnType<typeof hostile>>, nonce: string) => Promise<unknown>]>([
    ['for another client', (one, nonce) => one.signed({ nonce, aud: 'another' })],
    ['of another issuer', (one, nonce) => one.signed({ nonce, iss: 'https://accounts.google.com' })],
    ['with another nonce', (one) => one.signed({ nonce: 'another' })],
    ['without a nonce', (one) => one.signed({})],
    ['by another key', (one, nonce) => one.signed({ nonce }, one.another)],
    ['that is over', (one, nonce) => one.signed({ nonce, exp: Math.floor(Date.now() / 1000) - 3_600 })],
    ['of nobody', (one, nonce) => one.signed({ nonce, sub: '' })],
    [
      'by no key',
      async (one, nonce) => {
        const [, payload] = (await one.signed({ nonce })).split('.');
        return `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
      },
    ],
    ['that is none', () => Promise.resolve('x.y.z')],
    ['that is not there', () => Promise.resolve(undefined)],
  ])('a token %s is refused', async (_what, token) => {
    await refusal(finish(token));
  });

  test('one that is somebody else, or sends people to a page of its own making, is none', async () => {
    for (const metadata of [
      { issuer: 'https://accounts.google.com' },
      { authorization_endpoint: 'javascript:alert(1)' },
      { authorization_endpoint: undefined },
    ]) {
      const { issuer } = await hostile({ metadata });
      await refusal(make().begin(used({ issuer }), checks(), new Map()));
    }
  });

  test('one whose token endpoint leads elsewhere takes nobody’s secret there', async () => {
    const reached: string[] = [];
    const elsewhere = await serve((req, res) => {
      reached.push(String(req.url));
      json(res, {});
    });
    const issuer = await serve((req, res) => {
      if (req.url === '/token') res.writeHead(307, { location: `${elsewhere}/token` }).end();
      else json(res, { issuer, authorization_endpoint: `${issuer}/a`, token_endpoint: `${issuer}/token` });
    });
    const wanted = checks();
    const said = new URLSearchParams({ code: 'c', state: wanted.state });
    await refusal(make().finish(used({ issuer }), wanted, said));
    expect(reached).toEqual([]);
  });
});

describe('an ID token that an app shows', () => {
  const shown = async (claims: JWTPayload, more: { nonce?: string; accessToken?: string } = {}) => {
    const one = await hostile({});
    const provider = used({ issuer: one.issuer, clientIds: ['launchdb', 'for-android'] });
    return make().readIdToken(provider, { idToken: await one.signed(claims), ...more });
  };
  const hashed = (nonce: string) => createHash('sha256').update(nonce).digest('hex');

  test('is believed for each of the project’s clients, with the nonce whose hash is in it', async () => {
    expect((await shown({})).id).toBe('eve');
    expect((await shown({ aud: 'for-android', nonce: hashed('n') }, { nonce: 'n' })).id).toBe('eve');
    const at_hash = createHash('sha256').update('at').digest().subarray(0, 16).toString('base64url');
    expect((await shown({ at_hash }, { accessToken: 'at' })).id).toBe('eve');
  });

  test.each<[string, JWTPayload, { nonce?: string; accessToken?: string }?]>([
    ['for another client', { aud: 'another' }],
    ['for several, made for another', { aud: ['launchdb', 'another'], azp: 'another' }],
    ['of another issuer', { iss: 'https://accounts.google.com' }],
    ['that is over', { exp: Math.floor(Date.now() / 1000) - 60 }],
    ['with another nonce', { nonce: hashed('another') }, { nonce: 'n' }],
    // whoever has the token has read that
    ['with the nonce as it stands in it', { nonce: hashed('n') }, { nonce: hashed('n') }],
    ['with a nonce that is not shown', { nonce: hashed('n') }],
    ['without the nonce that is shown', {}, { nonce: 'n' }],
    ['that goes with another access token', { at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' }, { accessToken: 'at' }],
  ])('%s is refused', async (_what, claims, more) => {
    await refusal(shown(claims, more));
  });

  test('one that is signed with what both know is refused', async () => {
    const one = await hostile({});
    const secret = new TextEncoder().encode(real.clientSecret.padEnd(32));
    const idToken = await new SignJWT({ iss: one.issuer, aud: 'launchdb', sub: 'eve' })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuedAt()
      .setExpirationTime('5m')
      .sign(secret);
    await refusal(make().readIdToken(used({ issuer: one.issuer }), { idToken }));
  });
});

describe('GitHub', () => {
  const at = async (user: unknown, emails: unknown) => {
    const asked: string[] = [];
    const issuer = await serve((req, res) => {
      asked.push(`${req.method} ${req.url} ${req.headers.authorization ?? ''}`);
      if (req.url === '/login/oauth/access_token')
        json(res, { access_token: 'gho', token_type: 'bearer', scope: '' });
      else if (req.url === '/api/v3/user') json(res, user);
      else if (req.url === '/api/v3/user/emails') json(res, emails, emails === undefined ? 403 : 200);
      else json(res, {}, 404);
    });
    const provider = used({ name: 'github', issuer, clientSecret: 's' });
    const wanted = checks();
    const said = new URLSearchParams({ code: 'c', state: wanted.state });
    return { asked, issuer, answer: () => make().finish(provider, wanted, said), provider };
  };
  const octo = {
    id: 583231,
    login: 'octo',
    name: 'Octo',
    avatar_url: 'https://a/1',
    email: 'public@example.com',
  };

  test('its primary address counts, and only when GitHub has verified it', async () => {
    const emails = [
      { email: 'second@example.com', primary: false, verified: true },
      { email: 'Octo@Example.com', primary: true, verified: true },
    ];
    const { asked, answer } = await at(octo, emails);
    expect(await answer()).toMatchObject({
      account: {
        id: '583231',
        email: 'octo@example.com',
        emailVerified: true,
        data: { user_name: 'octo', avatar_url: 'https://a/1', full_name: 'Octo' },
      },
      accessToken: 'gho',
    });
    expect(asked.slice(1)).toEqual(['GET /api/v3/user Bearer gho', 'GET /api/v3/user/emails Bearer gho']);
    const unverified = await at(octo, [{ email: 'octo@example.com', primary: true, verified: false }]);
    expect((await unverified.answer()).account.emailVerified).toBe(false);
  });

  test('what stands on the profile is no address that anybody vouches for', async () => {
    for (const emails of [undefined, [], {}, null, [null, 7], [{ email: 'x@example.com', verified: true }]])
      expect((await (await at(octo, emails)).answer()).account).toMatchObject({
        email: null,
        emailVerified: false,
      });
  });

  test('without an id it is nobody', async () => {
    for (const user of [{}, null, { id: '7' }, { id: 1e300 }]) await refusal((await at(user, [])).answer());
  });

  test('people are sent to its page', async () => {
    const url = new URL(await make().begin(used({ name: 'github', issuer: null }), checks(), new Map()));
    expect(url.origin + url.pathname).toBe('https://github.com/login/oauth/authorize');
    expect(url.searchParams.get('scope')).toBe('user:email');
  });
});
