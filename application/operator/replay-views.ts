import type { EventMetadata, EventStore } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';
import { chosenViews } from './chosen-views.ts';
import type { OperatedViews, ReplayedView, ReplayOptions } from './operated-views.ts';
import { recordUse } from './record-use.ts';

export interface ReplayDependencies {
  readonly store: EventStore;
  readonly ids: Ids;
  readonly views: OperatedViews;
}

/**
 * Builds every view, or one, again from the log, and says whether it equals what was there.
 * @throws {Refused} there is no such view
 */
export async function replayViews(
  { views, ...recorder }: ReplayDependencies,
  name: string | undefined,
  metadata: EventMetadata,
  options: ReplayOptions,
): Promise<readonly ReplayedView[]> {
  const chosen = chosenViews(views, name);
  await recordUse(recorder, { type: 'ViewsReplayRequested', data: { views: chosen } }, metadata);
  return views.replay(chosen, options);
}
