/** What the endpoints share that only other parts of the platform may ask. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { Refused, Unavailable } from '../../application/errors.ts';
import { isProjectId, type ProjectId } from '../../domain/project/project-id.ts';
import { endpointsFor } from './endpoint.ts';
import { RequestProblem, unavailableAs } from './problems.ts';
import type { Authenticate } from './server.ts';

/** Of a server whose callers show the internal key. */
export const internalEndpoint = endpointsFor<{ internal: object }>({});

/**
 * The key that the platform's parts show each other. Compared in constant time, as digests, so that not even its
 * length shows.
 * @param keys any of them is good: two, while one is exchanged for the other
 */
export function internalAuthentication(keys: readonly string[]): Authenticate {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return ({ headers }) => {
    const shown = headers['x-internal-api-key'];
    const given = digest(typeof shown === 'string' ? shown : '');
    const fits = keys.map((key) => timingSafeEqual(digest(key), given));
    if (typeof shown === 'string' && fits.includes(true)) return Promise.resolve({ known: {} });
    throw new RequestProblem('request/unauthenticated', 'Send the internal key in X-Internal-API-Key.');
  };
}

/** Of those who know ids: anything else is a mistake, and a 400. */
export const knownProjectId = z
  .string()
  .refine(isProjectId, 'not a project id')
  .transform((text) => text as ProjectId);

/** Those who may ask may also read why it could not be done: our own words, without secrets. */
export async function told<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Unavailable) throw unavailableAs(error.message, error.away);
    if (error instanceof Refused) throw new RequestProblem('platform/refused', error.message);
    throw error;
  }
}
