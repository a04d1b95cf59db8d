import { requireRoom, type Capacity } from '../../domain/platform/capacity.ts';
import type { Turns } from '../ports/turns.ts';

export interface AdmissionDependencies {
  readonly turns: Turns;
  /** by a read model that shows everything recorded before the question */
  readonly capacity: () => Promise<Capacity>;
}

/**
 * Brings a project into service if there is room for one more. Looking and recording are one turn, so of two that
 * come for the last place one gets it; nothing is recorded before there is known to be room.
 * @param needsRoom false: it is in service already, or this will come to nothing for another reason
 * @throws {Rejection} platform/capacity-reached
 */
export const admitProject = <T>(
  { turns, capacity }: AdmissionDependencies,
  needsRoom: () => Promise<boolean>,
  work: () => Promise<T>,
): Promise<T> =>
  turns.take('capacity', async () => {
    if (await needsRoom()) requireRoom(await capacity());
    return work();
  });
