/** A provider of OpenID Connect, as real as they come, whose people are signed in at once. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { type Configuration, type Interaction } from 'oidc-provider';
import { Browser } from './browser.ts';

export interface OpenIdServer {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** what is said of whom */
  readonly people: Map<string, Readonly<Record<string, unknown>>>;
  /** In a browser where nobody is signed in. @returns where it is to go at last, which it does not */
  signIn(address: string, callback: string): Promise<string>;
  /** As an app gets it from the provider itself. */
  idToken(who: string, callback: string, nonce?: string): Promise<string>;
  close(): Promise<void>;
}

const CLIENT = { client_id: 'launchdb', client_secret: 'a secret of the client & more' };

/** @param callbacks where its client may have people sent back to; whom it signs in, `login_hint` says: `nobody` says no */
export async function startOpenIdServer(callbacks: readonly string[]): Promise<OpenIdServer> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const people: OpenIdServer['people'] = new Map();
  const provider = new Provider(issuer, settings(callbacks, people));
  const answers = provider.callback();
  server.on('request', (req, res) => {
    const uid = /^\/interaction\/(.+)/.exec(req.url ?? '')?.[1];
    if (uid === undefined) return void answers(req, res);
    void provider.interactionDetails(req, res).then(({ params, prompt }: Interaction) => {
      const hint = params['login_hint'];
      const who = typeof hint === 'string' ? hint : 'ann';
      const result =
        who === 'nobody'
          ? { error: 'access_denied', error_description: 'they said no' }
          : { [prompt.name]: { accountId: who } };
      return provider.interactionFinished(req, res, result);
    });
  });
  return {
    issuer,
    clientId: CLIENT.client_id,
    clientSecret: CLIENT.client_secret,
    people,
    signIn,
    async idToken(who, callback, nonce) {
      const asked = new URLSearchParams({
        client_id: CLIENT.client_id,
        response_type: 'code',
        scope: 'openid email',
        redirect_uri: callback,
        login_hint: who,
        ...(nonce !== undefined && { nonce }),
      });
      const code =
        new URL(await signIn(`${issuer}/auth?${asked.toString()}`, callback)).searchParams.get('code') ?? '';
      const body = new URLSearchParams({
        ...CLIENT,
        grant_type: 'authorization_code',
        code,
        redirect_uri: callback,
      });
      const answer = await fetch(`${issuer}/token`, { method: 'POST', body });
      return ((await answer.json()) as { readonly id_token: string }).id_token;
    },
    close: () => closed(server),
  };
}

const signIn = (address: string, callback: string): Promise<string> => new Browser().go(address, callback);

const settings = (callbacks: readonly string[], people: OpenIdServer['people']): Configuration => ({
  clients: [
    { ...CLIENT, redirect_uris: [...callbacks], grant_types: ['authorization_code', 'refresh_token'] },
  ],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'picture'] },
  features: { devInteractions: { enabled: false } },
  cookies: { keys: ['a key of the tests'] },
  findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub, ...people.get(sub) }) }),
  loadExistingGrant: async ({ oidc }) => {
    const { client, session, provider } = oidc;
    if (!client || !session?.accountId) return undefined;
    const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
    grant.addOIDCScope('openid email profile offline_access');
    await grant.save();
    return grant;
  },
  // as Google's: the address stands in the ID token
  conformIdTokenClaims: false,
  clientAuthMethods: ['client_secret_basic', 'client_secret_post'],
  pkce: { required: () => false },
});

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
