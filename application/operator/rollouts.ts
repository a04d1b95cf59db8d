/** The upgrade of all projects that are behind: what it would do, its start, how far it is, its end before time. */
import { rolloutDecider, ROLLOUTS_STREAM, type Rollout } from '../../domain/platform/rollout.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { handle } from '../handle.ts';
import type { EventMetadata, EventStore } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';
import type { StepProgress } from '../ports/step-progress.ts';
import { latestRollout, ROLLOUT } from '../process-managers/upgrade-projects.ts';
import { loadProject } from '../project/load-project.ts';
import { planUpgrades, type Behind } from '../project/plan-upgrades.ts';

export interface RolloutDependencies {
  readonly store: EventStore;
  readonly ids: Ids;
  readonly progress: Pick<StepProgress, 'of'>;
  /** up to which version the running platform's template goes */
  readonly latestVersion: () => Promise<number>;
  /** by a read model, which may be a moment behind; oldest project first */
  readonly behind: (version: number) => Promise<readonly Behind[]>;
}

export interface PlannedUpgrade extends Behind {
  /** what the upgrade of all would do with it, in words */
  readonly will: string;
  /** of its last upgrade */
  readonly failure: { readonly step: string; readonly reason: string } | null;
}

/** What an upgrade of all would do now. @throws {Refused} `canary` cannot be it */
export async function planRollout(
  { store, behind }: Pick<RolloutDependencies, 'store' | 'behind'>,
  version: number,
  canary: ProjectId | undefined,
): Promise<readonly PlannedUpgrade[]> {
  const { lines } = planUpgrades(await behind(version), canary);
  const planned: PlannedUpgrade[] = [];
  for (const line of lines) {
    const failure = (await loadProject(store, line.id))?.project.upgrade?.failure ?? null;
    planned.push({ ...line, failure });
  }
  return planned;
}

export type RolloutAnswer =
  { readonly kind: 'started' | 'under-way'; readonly rollout: Rollout } | { readonly kind: 'up-to-date' };

/**
 * It goes on by itself. One to this version that is under way is that one.
 * @throws {Refused} `canary` cannot be it @throws {Rejection} platform/rollout-under-way: to another version
 */
export async function startRollout(
  { store, ids, behind }: RolloutDependencies,
  version: number,
  canary: ProjectId | undefined,
  metadata: EventMetadata,
): Promise<RolloutAnswer> {
  const latest = await latestRollout(store);
  if (latest?.rollout.kind === 'running' && latest.rollout.version === version)
    return { kind: 'under-way', rollout: latest.rollout };
  const plan = planUpgrades(await behind(version), canary);
  if (plan.canary === undefined) return { kind: 'up-to-date' };
  const command = { kind: 'StartRollout', version, canary: plan.canary, others: plan.others } as const;
  await handle({ store, ids }, rolloutDecider, ROLLOUTS_STREAM, command, metadata);
  const started = await latestRollout(store);
  if (!started) throw new Error('no rollout, yet it was started');
  return { kind: 'started', rollout: started.rollout };
}

/** Who is under way comes to an end; nobody else is asked. @throws {Rejection} platform/no-rollout */
export async function cancelRollout(
  { store, ids }: Pick<RolloutDependencies, 'store' | 'ids'>,
  metadata: EventMetadata,
): Promise<void> {
  await handle({ store, ids }, rolloutDecider, ROLLOUTS_STREAM, { kind: 'CancelRollout' }, metadata);
}

export interface RolloutStanding {
  readonly rollout: Rollout;
  readonly total: number;
  /** of them: at the version, or known not to come to it */
  readonly done: number;
  /** of one that has ended: how many are behind all the same */
  readonly left: number;
}

/** How far the last rollout is, however it ended. @returns undefined: there was none */
export async function rolloutStanding(
  dependencies: Pick<RolloutDependencies, 'store' | 'progress' | 'behind'>,
): Promise<RolloutStanding | undefined> {
  const latest = await latestRollout(dependencies.store);
  if (!latest) return undefined;
  const { rollout } = latest;
  const wanted = new Set([rollout.canary, ...rollout.others]);
  const total = wanted.size;
  if (rollout.kind === 'running') {
    const told = await dependencies.progress.of(ROLLOUT, '');
    return { rollout, total, done: told?.done ?? 0, left: 0 };
  }
  const left = await countBehind(dependencies, wanted, rollout.version);
  return { rollout, total, done: total - left, left };
}

async function countBehind(
  { store, behind }: Pick<RolloutDependencies, 'store' | 'behind'>,
  wanted: ReadonlySet<ProjectId>,
  version: number,
): Promise<number> {
  const listed = (await behind(version)).filter(({ id }) => wanted.has(id));
  // the view may be a moment behind
  const projects = await Promise.all(listed.map(({ id }) => loadProject(store, id)));
  return projects.filter((one) => one && one.project.templateVersion < version).length;
}
