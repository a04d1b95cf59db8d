/** Providers by `openid-client`, which is there once somebody signs in by one: most never do. */
import { createRemoteJWKSet, customFetch as josesFetch, type JWTVerifyGetKey } from 'jose';
import type * as OpenIdClient from 'openid-client';
import type { ClientAuth, Configuration, ServerMetadata } from 'openid-client';
import { Unavailable } from '../../application/errors.ts';
import {
  ProviderRefused,
  type ProviderAnswer,
  type ProviderChecks,
  type ShownIdToken,
  type SignInProviders,
  type UsedProvider,
} from '../../application/ports/sign-in-providers.ts';
import { accountOf, type ProviderAccount } from '../../domain/auth/provider-account.ts';
import { NotReached, type GuardedFetch } from '../network/guarded-fetch.ts';
import { gitHubClaims } from './git-hub.ts';
import { readIdToken } from './read-id-token.ts';
import { gitHubPlaces, gitHubServer, isGitHub, issuerOf, issuersIn, keptOf } from './server-settings.ts';

type Library = typeof OpenIdClient;

const SCOPES = { openId: ['openid', 'email', 'profile'], gitHub: ['user:email'] };
/** what it says of itself is asked for again after that */
const KEPT_MS = 10 * 60_000;
const MOST_KEPT = 500;
/** What of an app's own is never told: it would be another sign-in than the one that is waited for. */
const OURS = new Set(
  (
    'client_id client_secret client_assertion client_assertion_type redirect_uri response_type response_mode ' +
    'scope state nonce code_challenge code_challenge_method code_verifier request ' +
    'request_uri registration claims id_token_hint resource authorization_details'
  ).split(' '),
);

interface Known {
  readonly server: ServerMetadata;
  readonly client: Configuration;
  readonly keys: JWTVerifyGetKey | undefined;
}

export class OpenIdProviders implements SignInProviders {
  readonly #fetch: GuardedFetch;
  readonly #nowMs: () => number;
  readonly #known = new Map<string, { readonly known: Promise<Known>; readonly untilMs: number }>();

  constructor(fetch: GuardedFetch, nowMs: () => number) {
    this.#fetch = fetch;
    this.#nowMs = nowMs;
  }

  begin(
    provider: UsedProvider,
    { state, verifier, nonce }: ProviderChecks,
    further: ReadonlyMap<string, string>,
  ): Promise<string> {
    return refusing(async () => {
      const library = await import('openid-client');
      const { client } = await this.#of(library, provider);
      const wanted = [...(isGitHub(provider) ? SCOPES.gitHub : SCOPES.openId), ...provider.scopes];
      const url = library.buildAuthorizationUrl(client, {
        ...Object.fromEntries([...further].filter(([name]) => !OURS.has(name.toLowerCase()))),
        redirect_uri: provider.callback,
        scope: [...new Set(wanted)].join(' '),
        state,
        code_challenge: await library.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        ...(!isGitHub(provider) && { nonce }),
      });
      if (!['https:', 'http:'].includes(url.protocol))
        throw new ProviderRefused('It has no page to sign in at.');
      return url.href;
    });
  }

  finish(
    provider: UsedProvider,
    { state, verifier, nonce }: ProviderChecks,
    said: URLSearchParams,
  ): Promise<ProviderAnswer> {
    return refusing(async () => {
      const library = await import('openid-client');
      const { client, server } = await this.#of(library, provider);
      const back = new URL(provider.callback);
      back.search = said.toString();
      const tokens = await library.authorizationCodeGrant(client, back, {
        expectedState: state,
        pkceCodeVerifier: verifier,
        ...(!isGitHub(provider) && { expectedNonce: nonce, idTokenExpected: true }),
      });
      const { access_token: accessToken, refresh_token: refreshToken = null } = tokens;
      const answer = { accessToken, refreshToken };
      if (isGitHub(provider)) {
        const { api } = gitHubPlaces(provider);
        return {
          ...answer,
          account: named(provider, api, await gitHubClaims(this.#fetch, api, accessToken)),
        };
      }
      const claims = tokens.claims();
      if (!claims) throw new ProviderRefused('It says nothing of who it is.');
      const isWhole = claims['email'] !== undefined || server.userinfo_endpoint === undefined;
      const more = isWhole ? {} : await library.fetchUserInfo(client, accessToken, claims.sub);
      return { ...answer, account: named(provider, server.issuer, { ...more, ...claims }) };
    });
  }

  readIdToken(provider: UsedProvider, shown: ShownIdToken): Promise<ProviderAccount> {
    return refusing(async () => {
      if (isGitHub(provider)) throw new ProviderRefused('It gives no ID tokens.');
      const { server, keys } = await this.#of(await import('openid-client'), provider);
      if (!keys) throw new ProviderRefused('It has no keys.');
      const issuers = issuersIn(provider, server.issuer);
      const claims = await readIdToken(shown, { keys, issuers, clientIds: provider.clientIds });
      return named(provider, server.issuer, claims);
    });
  }

  #of(library: Library, provider: UsedProvider): Promise<Known> {
    const { project, name, issuer, clientIds, clientSecret } = provider;
    const key = JSON.stringify([project, name, issuer, clientIds[0], clientSecret]);
    const nowMs = this.#nowMs();
    const before = this.#known.get(key);
    if (before && before.untilMs > nowMs) return before.known;
    const known = this.#look(library, provider);
    this.#known.delete(key);
    this.#known.set(key, { known, untilMs: nowMs + KEPT_MS });
    known.catch(() => {
      if (this.#known.get(key)?.known === known) this.#known.delete(key);
    });
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= MOST_KEPT) break;
      this.#known.delete(oldest);
    }
    return known;
  }

  async #look(library: Library, provider: UsedProvider): Promise<Known> {
    const server = isGitHub(provider) ? gitHubServer(provider) : await this.#discovered(library, provider);
    const { clientIds, clientSecret } = provider;
    const client = new library.Configuration(
      server,
      clientIds[0],
      {},
      authenticationOf(library, server, clientSecret),
    );
    client[library.customFetch] = this.#openIdFetch;
    // whether it may be asked without TLS is for the guard to say
    library.allowInsecureRequests(client);
    if (!isGitHub(provider)) library.enableNonRepudiationChecks(client);
    const keysAt = server.jwks_uri === undefined ? null : URL.parse(server.jwks_uri);
    const keys = keysAt ? createRemoteJWKSet(keysAt, { [josesFetch]: this.#openIdFetch }) : undefined;
    return { server, client, keys };
  }

  async #discovered(library: Library, provider: UsedProvider): Promise<ServerMetadata> {
    const issuer = issuerOf(provider);
    if (issuer === undefined) throw new ProviderRefused('Nobody has said where it is.');
    const found = await library.discovery(new URL(issuer), provider.clientIds[0], {}, library.None(), {
      [library.customFetch]: this.#openIdFetch,
      execute: [library.allowInsecureRequests],
    });
    return keptOf(found.serverMetadata());
  }

  readonly #openIdFetch = (url: string, { method = 'GET', headers, body }: AnyRequest): Promise<Response> =>
    this.#fetch(url, {
      method,
      headers: Object.fromEntries(new Headers(headers)),
      ...(body !== undefined && body !== null && { body: textOf(body) }),
    });
}

interface AnyRequest {
  readonly method?: string;
  readonly headers?: Headers | Record<string, string>;
  readonly body?: unknown;
}

function textOf(body: unknown): string {
  if (typeof body === 'string') return body;
  if (body instanceof URLSearchParams) return body.toString();
  throw new TypeError('a body of another kind');
}

/** In the body where that is said to work: in the header some encode it otherwise than they decode it. */
function authenticationOf(library: Library, server: ServerMetadata, secret: string | null): ClientAuth {
  if (secret === null) return library.None();
  const { token_endpoint_auth_methods_supported: methods = ['client_secret_basic'] } = server;
  return methods.includes('client_secret_post')
    ? library.ClientSecretPost(secret)
    : library.ClientSecretBasic(secret);
}

function named(
  { name }: UsedProvider,
  issuer: string,
  claims: Readonly<Record<string, unknown>>,
): ProviderAccount {
  const account = accountOf(name, issuer, claims);
  if (!account) throw new ProviderRefused('It says nothing of who it is.');
  return account;
}

/** Whatever goes wrong with a provider is the provider's. @throws {ProviderRefused} @throws {Unavailable} it does not answer */
async function refusing<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ProviderRefused) throw error;
    if (isAway(error)) throw new Unavailable('ask the provider', error);
    throw new ProviderRefused('It could not be asked, or what it said does not hold.', {
      ...saidIn(error),
      cause: error,
    });
  }
}

function isAway(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof NotReached) return true;
  return false;
}

/** What OAuth calls it, when that is what the provider sent somebody back with. */
function saidIn(error: unknown): { readonly error?: string } {
  const { code, error: said } = error as { readonly code?: unknown; readonly error?: unknown };
  const isSaid =
    code === 'OAUTH_AUTHORIZATION_RESPONSE_ERROR' && typeof said === 'string' && /^[a-z_]{1,64}$/.test(said);
  return isSaid ? { error: said } : {};
}
