/** How the platform stands: views, what differed, what is stuck; and whom to ask for the rest. */
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { TaskBoard } from '../background/task-board.ts';
import type { PoolUsage } from '../ports/connection-pools.ts';
import type { EventStore } from '../ports/event-store.ts';
import { explainProject, type Explanation } from '../project/explain-project.ts';
import { loadProject } from '../project/load-project.ts';
import { pairDrift, type Drift, type DriftFact } from './pair-drift.ts';
import type { OperatedViews } from './operated-views.ts';
import type { Room } from './room-for-projects.ts';

export interface DataApiStanding {
  readonly projectId: string;
  /** whether it shall run */
  readonly wanted: boolean;
  /** `as-wanted`, `absent`, `running` of one that nobody wants ... */
  readonly state: string;
}

export interface PoolsStanding {
  /** false: there is no pooler here */
  readonly enabled: boolean;
  /** projects whose entry shall be served and is not */
  readonly missing: readonly string[];
  readonly usage: readonly PoolUsage[];
}

export interface PlatformStateDependencies {
  readonly store: EventStore;
  readonly views: OperatedViews;
  readonly tasks: Pick<TaskBoard, 'read'>;
  /** of the running manager; each throws {@link Unavailable} */
  readonly dataPlane: {
    room(): Promise<Room>;
    pools(): Promise<PoolsStanding>;
    dataApis(): Promise<readonly DataApiStanding[]>;
  };
  /** newest first, a bounded number */
  readonly driftFacts: () => Promise<readonly DriftFact[]>;
  /** suspended, or with a step that is to be tried again; a bounded number */
  readonly troubled: () => Promise<readonly ProjectId[]>;
  readonly countByStatus: () => Promise<Readonly<Partial<Record<string, number>>>>;
}

export interface ViewStanding {
  readonly view: string;
  readonly position: bigint;
  /** how many places of the log it is behind its end */
  readonly lag: number;
  /** events that it could not take in, 1000 at most */
  readonly parked: number;
}

export async function viewsNow({
  store,
  views,
}: Pick<PlatformStateDependencies, 'store' | 'views'>): Promise<{
  readonly head: bigint;
  readonly views: readonly ViewStanding[];
}> {
  // first how far they are: what comes in between must not look as if they were ahead
  const [positions, head] = [await views.positions(), await store.head()];
  const standing = positions
    .filter(({ name }) => views.names.includes(name))
    .map(async ({ name, position }) => ({
      view: name,
      position,
      lag: Math.max(0, Number(head - position)),
      parked: (await views.parked(name)).length,
    }));
  return { head, views: await Promise.all(standing) };
}

/** What was found to differ from what the log says, newest first. */
export const driftNow = async ({
  driftFacts,
}: Pick<PlatformStateDependencies, 'driftFacts'>): Promise<readonly Drift[]> => pairDrift(await driftFacts());

export interface StuckProject extends Pick<Explanation, 'summary' | 'waitsFor' | 'advice'> {
  readonly projectId: ProjectId;
  readonly name: string;
  readonly status: string;
}

/** Projects that are suspended, or have a step that is to be tried again, with why. */
export async function failuresNow({
  store,
  troubled,
}: Pick<PlatformStateDependencies, 'store' | 'troubled'>): Promise<readonly StuckProject[]> {
  const stuck = (await troubled()).map(async (projectId): Promise<readonly StuckProject[]> => {
    const loaded = await loadProject(store, projectId);
    // the view may be a moment behind
    if (!loaded?.project.run?.trouble) return [];
    const { name, status } = loaded.project;
    const { summary, waitsFor, advice } = explainProject(loaded);
    return [{ projectId, name, status, summary, waitsFor, advice }];
  });
  return (await Promise.all(stuck)).flat();
}
