/**
 * Takes a rollout to its end: the canary alone, then the others, a few at a time, until one fails. It is a process of one
 * long step, which keeps nothing: what was wanted stands in the rollouts' stream, how far it is in the projects' own, so
 * whoever takes over goes on. After a rollout that succeeded, projects that come into service later are brought to its
 * version, too.
 */
import { fold } from '../../domain/decider.ts';
import type { Failure } from '../../domain/process/process-rules.ts';
import {
  rolloutDecider,
  ROLLOUTS_STREAM,
  type Rollout,
  type RolloutEvent,
  type RolloutProcess,
  type Rollouts,
} from '../../domain/platform/rollout.ts';
import { projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import { readOrEmpty, recorded } from '../handle.ts';
import { inParallel } from '../background/in-parallel.ts';
import type { EventMetadata, EventStore } from '../ports/event-store.ts';
import { EffectsUnderWay } from '../process-engine/effects-under-way.ts';
import type { Host, Report } from '../process-engine/process.ts';
import { ProcessWorker } from '../process-engine/process-worker.ts';
import type { TurnDependencies } from '../process-engine/turn.ts';
import { loadProject } from '../project/load-project.ts';
import {
  upgradeProject,
  upgradeVerdict,
  type UpgradeProjectDependencies,
  type UpgradeVerdict,
} from '../project/upgrade-project.ts';
import type { StreamWatch } from '../stream-watch.ts';

interface RollDependencies extends UpgradeProjectDependencies, Pick<TurnDependencies, 'clock' | 'log'> {
  readonly watch: StreamWatch;
  readonly atOnce: number;
}

export interface UpgradeDependencies extends RollDependencies, Omit<TurnDependencies, 'effects'> {
  /** projects in service that are older than this version, by a read model; the project itself decides */
  readonly behind: (version: number) => Promise<readonly ProjectId[]>;
}

export type RolloutHost = Host<Rollouts, Rollout, RolloutEvent, RolloutProcess>;

export interface LatestRollout {
  readonly rollout: Rollout;
  /** of everything that is done for it */
  readonly correlationId: string;
}

/** as an aggregate; there is one at a time, so its id is empty */
export const ROLLOUT = 'rollout';

const LOG_AWAY_PAUSE_MS = 500;

export class ProjectUpgrades {
  readonly #dependencies: UpgradeDependencies;
  readonly #worker: ProcessWorker<Rollouts, Rollout, RolloutEvent, RolloutProcess>;

  constructor(dependencies: UpgradeDependencies) {
    this.#dependencies = dependencies;
    const { store } = dependencies;
    const open = async () => ({ position: await store.head(), streams: [ROLLOUTS_STREAM] });
    this.#worker = new ProcessWorker(
      { ...dependencies, effects: new EffectsUnderWay(), concurrency: 1, open },
      rolloutHost(dependencies),
    );
  }

  /** May be called again after `stop`. */
  start(): Promise<void> {
    return this.#worker.start();
  }

  stop(): Promise<void> {
    return this.#worker.stop();
  }

  /** Goes on with the rollout that is under way, if its wake-up was lost. @throws {Unavailable} */
  look(): Promise<void> {
    return this.#worker.look();
  }

  /** Asks once for all that are behind the last rollout, if that one succeeded. */
  async catchUp(): Promise<void> {
    const { store, behind } = this.#dependencies;
    const latest = await latestRollout(store);
    if (latest?.rollout.kind !== 'completed') return;
    const { version } = latest.rollout;
    // one that has failed in the wish of this rollout is not asked again: an operator looks first
    for (const id of await behind(version))
      await upgradeProject(this.#dependencies, id, version, metadataOf(latest));
  }
}

/** Rollouts as an aggregate, and the process that takes one to its end. */
export function rolloutHost(dependencies: RollDependencies): RolloutHost {
  const stopped = ({ canary }: Rollout, { step, reason }: Failure): RolloutEvent => ({
    type: 'RolloutStopped',
    data: { projectId: canary, reason: `${step}: ${reason}` },
  });
  return {
    aggregate: {
      name: ROLLOUT,
      streamPrefix: ROLLOUTS_STREAM,
      decider: rolloutDecider,
      underWay: (state) =>
        state.kind !== 'none' && state.run ? { subject: state, run: state.run } : undefined,
      suspended: stopped,
    },
    processes: {
      'upgrade-projects': {
        name: 'upgrade-projects',
        startedBy: ['RolloutStarted'],
        cancelledBy: ['RolloutCancelled'],
        // by a bug: what may go away and come back is waited for
        givesUp: { kind: 'end', outcome: stopped },
        steps: [
          {
            name: 'bring-to-version',
            records: 'RolloutCompleted',
            timeoutMs: Infinity,
            deadlineMs: Infinity,
            retry: { tries: Infinity, firstPauseMs: LOG_AWAY_PAUSE_MS, longestPauseMs: 15_000 },
            do: (_rollout, signal, report) => roll(dependencies, signal, report),
          },
        ],
      },
    },
  };
}

async function roll(
  dependencies: RollDependencies,
  signal: AbortSignal,
  report: Report,
): Promise<RolloutEvent> {
  const { store, atOnce } = dependencies;
  const latest = await latestRollout(store);
  if (!latest) throw new Error('no rollout, yet one is under way');
  const projects = [latest.rollout.canary, ...latest.rollout.others];
  const [met, left] = await standing(store, latest, projects);
  let done = met.length;
  const tell = () => report({ done, total: projects.length, unit: 'projects' });
  tell();
  let proven = met.some(([, { kind }]) => kind === 'done');
  let failure = met.flatMap(([id, verdict]) => failureOf(id, verdict))[0];
  const bring = async (id: ProjectId) => {
    if (failure || signal.aborted) return;
    const verdict = await settled(dependencies, id, latest, signal);
    failure ??= failureOf(id, verdict)[0];
    proven ||= verdict?.kind === 'done';
    done++;
    tell();
  };
  // one that is out of service meanwhile proves nothing: then the next one is the canary
  while (!proven) {
    const next = left.shift();
    if (next === undefined) break;
    await bring(next);
  }
  await inParallel(left, atOnce, bring);
  signal.throwIfAborted();
  return failure ? { type: 'RolloutStopped', data: failure } : { type: 'RolloutCompleted', data: {} };
}

/** Before anybody is asked: whoever takes over must not go past a failure. */
async function standing(
  store: EventStore,
  { rollout, correlationId }: LatestRollout,
  projects: readonly ProjectId[],
) {
  const met: [ProjectId, UpgradeVerdict][] = [];
  const left: ProjectId[] = [];
  for (const id of projects) {
    const loaded = await loadProject(store, id);
    const verdict = upgradeVerdict(loaded, rollout.version, correlationId);
    if (verdict) met.push([id, verdict]);
    else left.push(id);
  }
  return [met, left] as const;
}

/** @returns undefined: the signal aborted first */
async function settled(
  dependencies: RollDependencies,
  id: ProjectId,
  latest: LatestRollout,
  signal: AbortSignal,
): Promise<UpgradeVerdict | undefined> {
  const { watch, clock, log } = dependencies;
  const look = () => upgradeProject(dependencies, id, latest.rollout.version, metadataOf(latest));
  for (;;) {
    try {
      return await watch.until(projectStream(id), look, signal);
    } catch (error) {
      log.warn({ project: id, err: error }, 'could not ask for an upgrade');
      await clock.sleep(LOG_AWAY_PAUSE_MS, signal);
    }
  }
}

/** The last one, however it ended. */
export async function latestRollout(store: EventStore): Promise<LatestRollout | undefined> {
  const history = await readOrEmpty(store, ROLLOUTS_STREAM);
  const rollout = fold(rolloutDecider, recorded<RolloutEvent>(history));
  if (rollout.kind === 'none') return undefined;
  return { rollout, correlationId: history[rollout.number]?.metadata.correlationId ?? ROLLOUTS_STREAM };
}

const failureOf = (projectId: ProjectId, verdict: UpgradeVerdict | undefined) =>
  verdict?.kind === 'failed' ? [{ projectId, reason: `${verdict.step}: ${verdict.reason}` }] : [];

const metadataOf = ({ rollout, correlationId }: LatestRollout): EventMetadata => ({
  correlationId,
  causationId: null,
  actor: { kind: 'process', id: 'upgrade-projects' },
  reason: `the rollout of version ${rollout.version}`,
});
