/** Who somebody is at GitHub, by its API, as claims of OpenID Connect. */
import { ProviderRefused } from '../../application/ports/sign-in-providers.ts';
import type { GuardedFetch } from '../network/guarded-fetch.ts';

interface Address {
  readonly email?: unknown;
  readonly primary?: unknown;
  readonly verified?: unknown;
}

export async function gitHubClaims(
  fetch: GuardedFetch,
  api: string,
  accessToken: string,
): Promise<Readonly<Record<string, unknown>>> {
  const asked = async (path: string): Promise<unknown> => {
    const headers = {
      authorization: `Bearer ${accessToken}`,
      accept: 'application/vnd.github+json',
      'user-agent': 'LaunchDB',
    };
    const answer = await fetch(`${api}${path}`, { headers });
    return answer.status === 200 ? answer.json() : undefined;
  };
  const user = (await asked('/user')) as Readonly<Record<string, unknown>> | null | undefined;
  const id = user?.['id'];
  if (typeof id !== 'number' || !Number.isSafeInteger(id))
    throw new ProviderRefused('It says nothing of who it is.');
  // whether the one on the profile is theirs, only this says
  const addresses = await asked('/user/emails');
  const first = (Array.isArray(addresses) ? (addresses as readonly Address[]) : []).find(
    (one) => one?.primary === true,
  );
  return {
    sub: String(id),
    name: user?.['name'],
    preferred_username: user?.['login'],
    picture: user?.['avatar_url'],
    email: first?.email,
    email_verified: first?.verified === true,
  };
}
