/** Where a provider is asked, and what is kept of what it says of itself. */
import type { ServerMetadata } from 'openid-client';
import type { UsedProvider } from '../../application/ports/sign-in-providers.ts';

const GITHUB = { web: 'https://github.com', api: 'https://api.github.com' };
const ISSUERS: Readonly<Record<string, string>> = { google: 'https://accounts.google.com' };

/** Of what it says of itself; the rest may be as long as it likes. */
const KEPT = [
  'authorization_endpoint',
  'token_endpoint',
  'userinfo_endpoint',
  'jwks_uri',
  'id_token_signing_alg_values_supported',
  'token_endpoint_auth_methods_supported',
  'authorization_response_iss_parameter_supported',
] as const satisfies readonly (keyof ServerMetadata)[];

export const keptOf = (said: ServerMetadata): ServerMetadata => ({
  issuer: said.issuer,
  ...Object.fromEntries(KEPT.flatMap((name) => (said[name] === undefined ? [] : [[name, said[name]]]))),
});

/** No OpenID Connect, but OAuth 2 and an API. */
export const isGitHub = ({ name }: UsedProvider): boolean => name === 'github';

/** @returns undefined: it has to be named */
export const issuerOf = ({ name, issuer }: UsedProvider): string | undefined => issuer ?? ISSUERS[name];

/** Of the public one, or of an enterprise's own server, which its issuer names. */
export function gitHubPlaces({ issuer }: UsedProvider): { readonly web: string; readonly api: string } {
  if (issuer === null) return GITHUB;
  const web = issuer.replace(/\/+$/, '');
  return { web, api: `${web}/api/v3` };
}

export function gitHubServer(provider: UsedProvider): ServerMetadata {
  const login = `${gitHubPlaces(provider).web}/login/oauth`;
  return {
    issuer: login,
    authorization_endpoint: `${login}/authorize`,
    token_endpoint: `${login}/access_token`,
    token_endpoint_auth_methods_supported: ['client_secret_post'],
  };
}

/** As its own tokens name it. */
export const issuersIn = ({ name, issuer }: UsedProvider, known: string): readonly string[] =>
  name === 'google' && issuer === null ? [known, 'accounts.google.com'] : [known];
