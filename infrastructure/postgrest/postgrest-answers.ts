/** How a PostgREST is asked whether it serves, and how it is told to read again; however it runs. */
import { request } from 'node:http';
import { pause } from '../../application/background/pause.ts';
import { unavailable } from '../../application/errors.ts';
import type { Endpoint } from '../../application/ports/data-apis.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';

/**
 * USR2 reads the configuration again, USR1 the schema; requests go on meanwhile. Never HUP: it ends it. That it has
 * taken them up it says in its log only.
 */
export const SCHEMA_READ = 'Schema cache loaded';
export const RELOAD = [
  { signal: 'SIGUSR2', answer: 'Config reloaded' },
  { signal: 'SIGUSR1', answer: SCHEMA_READ },
] as const;
export const RELOAD_WITHIN_MS = 10_000;
/** how long requests to a replaced instance may go on: TERM would end those in flight, too */
export const DRAIN_MS = 1_000;
/** whoever has started it waited until it was ready, and need not ask again at once */
export const JUST_NOW_MS = 1_000;
export const POLL_MS = 4;

const READY_ANSWER_WITHIN_MS = 2_000;
const PROBE_WITHIN_MS = 5_000;

/** each costs a second session of its database, while it reads the schema in the first one */
const ASK_EVERY_MS = 250;

/**
 * The admin port's /ready is 200 when the schema has been read and the API is reached. @throws when it is not in time, or
 * has ended
 * @param isLikely asked often, so that it is not PostgREST who is; default: nobody knows anything
 */
export async function untilReady(
  admin: Endpoint,
  withinMs: number,
  ended: AbortSignal,
  isLikely?: () => Promise<boolean>,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  const everyMs = isLikely ? ASK_EVERY_MS : 0;
  for (let askAt = performance.now() + everyMs; ;) {
    if (ended.aborted) throw ended.reason as Error;
    if (performance.now() >= askAt || (await isLikely?.())) {
      if (await isReady(admin)) return;
      askAt = performance.now() + everyMs;
    }
    if (performance.now() > deadline) throw new Error('PostgREST does not get ready');
    await pause(POLL_MS);
  }
}

/** Whether it has read the schema, by the API itself: 503 until then, and it asks its database nothing for that. */
export const hasReadSchema = async (api: Endpoint): Promise<boolean> =>
  (await httpStatus(api, '/', 'OPTIONS', READY_ANSWER_WITHIN_MS).catch(() => 0)) === 200;

/**
 * While it reads the schema, in the one session that it has, it is asked what takes it another one: whoever has changed tables
 * asks for them next, and need not wait for a session to be opened.
 */
export const opensSessionMeanwhile = (admin: Endpoint): void => void isReady(admin);

const isReady = async (admin: Endpoint): Promise<boolean> =>
  (await httpStatus(admin, '/ready', 'GET', READY_ANSWER_WITHIN_MS).catch(() => 0)) === 200;

/**
 * The root document says what the role may use at this moment, so PostgREST has to ask the database.
 * @throws {Unavailable}
 */
export async function probeRoot(
  project: ProjectId,
  endpoint: Endpoint | undefined,
  stopped?: AbortSignal,
): Promise<void> {
  const attempted = `get an answer from the REST API of ${project}`;
  if (!endpoint) throw unavailable('rest_api', attempted);
  const status = await httpStatus(endpoint, '/', 'HEAD', PROBE_WITHIN_MS, stopped).catch((error: unknown) => {
    throw unavailable('rest_api', attempted, error);
  });
  if (status !== 200) throw unavailable('rest_api', `${attempted}: it answered ${status}`);
}

/** The status of a request's answer; its body is thrown away. Rejects when none comes in time. */
function httpStatus(
  at: Endpoint,
  path: string,
  method: 'GET' | 'HEAD' | 'OPTIONS',
  withinMs: number,
  stopped?: AbortSignal,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const late = AbortSignal.timeout(withinMs);
    const signal = stopped ? AbortSignal.any([late, stopped]) : late;
    const asked = request({ ...at, path, method, agent: false, signal }, (response) => {
      response.destroy();
      resolve(response.statusCode ?? 0);
    });
    asked.on('error', reject).end();
  });
}
