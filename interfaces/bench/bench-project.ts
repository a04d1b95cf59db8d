/** Projects as an owner makes and uses them, for any section. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PlatformUnderTest } from '../acceptance/platform-under-test.ts';
import { answerOf, ask } from './keep-asking.ts';

/** a token is good for 15 minutes, and hundreds of projects take longer */
const RENEWED_AFTER_MS = 5 * 60_000;

interface Owner {
  readonly token: Promise<string>;
  readonly atMs: number;
}

const owners = new WeakMap<PlatformUnderTest, Owner>();

/** The bench's own owner of this platform. @returns a token that is good for some minutes */
export function ownerOf(platform: PlatformUnderTest): Promise<string> {
  const known = owners.get(platform);
  const now = performance.now();
  if (known && now - known.atMs < RENEWED_AFTER_MS) return known.token;
  const token = known ? known.token.then(() => platform.login('bench')) : platform.owner('bench');
  owners.set(platform, { token, atMs: now });
  return token;
}

let names = 0;
/** of this run, so that sections may share a platform */
export const newName = (): string => `bench-${process.pid}-${names++}`;

export interface Served {
  readonly id: string;
  readonly headers: { readonly apikey: string };
}

/** A project with a table of one row. @param owner whose it is: a token; default: the bench's own */
export async function servedProject(platform: PlatformUnderTest, owner?: string): Promise<Served> {
  const token = owner ?? (await ownerOf(platform));
  const body = { name: newName() };
  const made = await platform.call<{ id: string }>('POST', '/api/projects', { token, body });
  if (made.status !== 201) throw new Error(`no project: ${JSON.stringify(made.body)}`);
  const { id } = made.body;
  const query = 'CREATE TABLE milk AS SELECT 1 AS id';
  await platform.call('POST', `/api/projects/${id}/sql`, { token, body: { query } });
  const keys = await platform.call<{ anon_key: string }>('GET', `/api/projects/${id}/keys`, { token });
  return { id, headers: { apikey: keys.body.anon_key } };
}

/** So many, some at a time. */
export async function servedProjects(
  platform: PlatformUnderTest,
  count: number,
  atOnce = 4,
): Promise<Served[]> {
  const made: Served[] = [];
  while (made.length < count) {
    const next = Math.min(atOnce, count - made.length);
    made.push(...(await Promise.all(Array.from({ length: next }, () => servedProject(platform)))));
  }
  return made;
}

/** @throws it does not answer with its row */
export async function oneRow(platform: PlatformUnderTest, { id, headers }: Served): Promise<void> {
  const { status } = await platform.call('GET', `/project/${id}/rest/v1/milk`, { headers });
  if (status !== 200) throw new Error(`${id} answered ${status}`);
}

export interface Created extends Readonly<Record<string, number>> {
  readonly answered: number;
  readonly firstRow: number;
}

/** From the request for a project to the first row of a table of it over REST, in ms. */
export async function created(platform: PlatformUnderTest, token: string): Promise<Created> {
  const projects = `${platform.url}/api/projects`;
  // a project in a container takes a loaded machine longer than what is waited for by default
  const headers = { authorization: `Bearer ${token}`, prefer: 'wait=60' };
  const from = performance.now();
  const body = { name: newName() };
  const made = await ask<{ id: string }>(projects, { method: 'POST', headers, body });
  const answered = performance.now() - from;
  if (made.status !== 201) throw new Error(`no project: ${JSON.stringify(made.body)}`);
  const { id } = made.body;
  const query = { query: 'CREATE TABLE milk AS SELECT 1 AS id' };
  await answerOf(`${projects}/${id}/sql`, { method: 'POST', headers, body: query });
  const keys = await answerOf<{ anon_key: string }>(`${projects}/${id}/keys`, { method: 'GET', headers });
  const asked = { method: 'GET', headers: { apikey: keys.anon_key } } as const;
  for (;;) {
    const answer = await ask<unknown>(`${platform.url}/project/${id}/rest/v1/milk`, asked);
    if (answer.status === 200 && Array.isArray(answer.body) && answer.body.length === 1) break;
    await sleep(2);
  }
  return { answered, firstRow: performance.now() - from };
}

/** Whether any of these programs is a PostgREST. @param name a part of its command line */
export const postgrestRuns = async (platform: PlatformUnderTest, name = '.conf'): Promise<boolean> =>
  (await platform.programs(name)).some(({ command }) => command.includes('postgrest'));
