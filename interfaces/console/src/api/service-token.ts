/** What the console shows a project's own services, as the role service_role: good for minutes, and in memory alone. */
import { api, dataOf } from './api.ts';
import { send } from './send.ts';

/** asked for anew this long before the old one ends */
const EARLY_MS = 60_000;

/** which of its services */
export type Purpose = 'auth' | 'storage';

interface ServiceToken {
  readonly token: string;
  readonly expires_in: number;
}
interface Kept {
  readonly asked: Promise<ServiceToken>;
  until: number;
}
const kept = new Map<string, Kept>();

/**
 * A token for the users and files of a project. Each that is made stands in the project's audit trail.
 * @param purpose what it is for, as the trail tells it
 */
export async function serviceToken(project: string, purpose: Purpose): Promise<string> {
  const key = `${project} ${purpose}`;
  const known = kept.get(key);
  if (known && performance.now() < known.until) return (await known.asked).token;
  const asked = dataOf(
    api.POST('/api/projects/{id}/service-token', {
      params: { path: { id: project } },
      body: { for: purpose },
    }),
  );
  const one: Kept = { asked, until: Infinity };
  kept.set(key, one);
  try {
    const { token, expires_in: seconds } = await asked;
    one.until = performance.now() + seconds * 1000 - EARLY_MS;
    return token;
  } catch (error) {
    kept.delete(key);
    throw error;
  }
}

export const forgetServiceTokens = (): void => kept.clear();

/** Asks a service of a project: `asService(id, 'auth', '/auth/v1/admin/users')`. @throws as {@link send} */
export async function asService(
  project: string,
  purpose: Purpose,
  path: string,
  init: RequestInit = {},
): Promise<Response> {
  const token = await serviceToken(project, purpose);
  const headers = new Headers(init.headers);
  headers.set('authorization', `Bearer ${token}`);
  headers.set('apikey', token);
  return send(`/project/${project}${path}`, { ...init, headers });
}
