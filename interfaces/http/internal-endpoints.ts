/** What the endpoints share that only other parts of the platform may ask. */
import { z } from 'zod';
import { Refused, Unavailable } from '../../application/errors.ts';
import { isProjectId, type ProjectId } from '../../domain/project/project-id.ts';
import { RequestProblem } from './problems.ts';

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
    if (error instanceof Unavailable) throw new RequestProblem('platform/unavailable', error.message);
    if (error instanceof Refused) throw new RequestProblem('platform/refused', error.message);
    throw error;
  }
}
