import type { EventMetadata, EventStore } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';
import { chosenViews } from './chosen-views.ts';
import type { ParkedEvent } from '../background/watched-views.ts';
import type { OperatedViews } from './operated-views.ts';
import { recordUse } from './record-use.ts';

export interface ParkedOf extends ParkedEvent {
  readonly view: string;
}

/**
 * What every view, or one, could not take in, the oldest first.
 * @throws {Refused} there is no such view
 */
export async function parkedEvents(
  views: OperatedViews,
  name: string | undefined,
): Promise<readonly ParkedOf[]> {
  const lists = chosenViews(views, name).map(async (view) =>
    (await views.parked(view)).map((event) => ({ view, ...event })),
  );
  return (await Promise.all(lists)).flat();
}

/** Tries them again, in order. @returns those that are parked still. @throws {Refused} there is no such view */
export async function retryParkedEvents(
  dependencies: { readonly store: EventStore; readonly ids: Ids; readonly views: OperatedViews },
  name: string | undefined,
  metadata: EventMetadata,
): Promise<readonly ParkedOf[]> {
  const { views } = dependencies;
  const chosen = chosenViews(views, name);
  await recordUse(dependencies, { type: 'ParkedEventsRetried', data: { views: chosen } }, metadata);
  for (const view of chosen) await views.unpark(view);
  return parkedEvents(views, name);
}
