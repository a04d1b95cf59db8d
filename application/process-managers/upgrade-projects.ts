/**
 * Takes a rollout to its end: the canary alone, then the others, a few at a time, until one fails. It keeps nothing:
 * what was wanted stands in the rollouts' stream, how far it is in the projects' own, so whoever takes over goes on.
 * After a rollout that succeeded, projects that come into service later are brought to its version, too.
 */
import { fold } from '../../domain/decider.ts';
import {
  rolloutDecider,
  ROLLOUTS_STREAM,
  type Rollout,
  type RolloutCommand,
  type RolloutEvent,
} from '../../domain/platform/rollout.ts';
import { projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import { handle, readOrEmpty, recorded } from '../handle.ts';
import { inParallel } from '../in-parallel.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventMetadata, EventStore } from '../ports/event-store.ts';
import type { Log } from '../ports/log.ts';
import { loadProject } from '../project/load-project.ts';
import {
  upgradeProject,
  upgradeVerdict,
  type UpgradeProjectDependencies,
  type UpgradeVerdict,
} from '../project/upgrade-project.ts';
import type { StreamWatch } from '../stream-watch.ts';

export interface UpgradeDependencies extends UpgradeProjectDependencies {
  readonly clock: Clock;
  readonly log: Log;
  readonly watch: StreamWatch;
  /** projects in service that are older than this version, by a read model; the project itself decides */
  readonly behind: (version: number) => Promise<readonly ProjectId[]>;
  readonly atOnce: number;
}

export interface LatestRollout {
  readonly rollout: Rollout;
  /** of everything that is done for it */
  readonly correlationId: string;
}

const LOG_AWAY_PAUSE_MS = 500;

export class ProjectUpgrades {
  readonly #dependencies: UpgradeDependencies;
  #stopping = new AbortController();
  #going: Promise<void> = Promise.resolve();

  constructor(dependencies: UpgradeDependencies) {
    this.#dependencies = dependencies;
  }

  /** May be called again after `stop`. */
  start(): void {
    this.#stopping = new AbortController();
    this.#going = this.#go(this.#stopping.signal);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#going;
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

  async #go(signal: AbortSignal): Promise<void> {
    const { store, watch, clock, log } = this.#dependencies;
    const underWay = async () => {
      const latest = await latestRollout(store);
      return latest?.rollout.kind === 'running' ? latest : undefined;
    };
    while (!signal.aborted) {
      try {
        const latest = await watch.until(ROLLOUTS_STREAM, underWay, signal);
        if (latest) await this.#roll(latest, signal);
      } catch (error) {
        log.warn({ err: error }, 'a rollout cannot go on');
        await clock.sleep(LOG_AWAY_PAUSE_MS, signal);
      }
    }
  }

  async #roll(latest: LatestRollout, signal: AbortSignal): Promise<void> {
    const { number: rollout, canary, others } = latest.rollout;
    const [met, left] = await this.#standing(latest, [canary, ...others]);
    let proven = met.some(([, { kind }]) => kind === 'done');
    let failure = met.flatMap(([id, verdict]) => failureOf(id, verdict))[0];
    const bring = async (id: ProjectId) => {
      if (failure || signal.aborted) return;
      const verdict = await this.#settled(id, latest, signal);
      failure ??= failureOf(id, verdict)[0];
      proven ||= verdict?.kind === 'done';
    };
    // one that is out of service meanwhile proves nothing: then the next one is the canary
    while (!proven) {
      const next = left.shift();
      if (next === undefined) break;
      await bring(next);
    }
    await inParallel(left, this.#dependencies.atOnce, bring);
    if (signal.aborted) return;
    const end = failure
      ? ({ kind: 'StopRollout', rollout, ...failure } as const)
      : ({ kind: 'CompleteRollout', rollout } as const);
    await this.#record(end, latest);
  }

  /** Before anybody is asked: whoever takes over must not go past a failure. */
  async #standing({ rollout, correlationId }: LatestRollout, projects: readonly ProjectId[]) {
    const met: [ProjectId, UpgradeVerdict][] = [];
    const left: ProjectId[] = [];
    for (const id of projects) {
      const loaded = await loadProject(this.#dependencies.store, id);
      const verdict = upgradeVerdict(loaded, rollout.version, correlationId);
      if (verdict) met.push([id, verdict]);
      else left.push(id);
    }
    return [met, left] as const;
  }

  /** @returns undefined: the signal aborted first */
  async #settled(
    id: ProjectId,
    latest: LatestRollout,
    signal: AbortSignal,
  ): Promise<UpgradeVerdict | undefined> {
    const { watch, clock, log } = this.#dependencies;
    const look = () => upgradeProject(this.#dependencies, id, latest.rollout.version, metadataOf(latest));
    for (;;) {
      try {
        return await watch.until(projectStream(id), look, signal);
      } catch (error) {
        log.warn({ project: id, err: error }, 'could not ask for an upgrade');
        await clock.sleep(LOG_AWAY_PAUSE_MS, signal);
      }
    }
  }

  async #record(command: RolloutCommand, latest: LatestRollout): Promise<void> {
    await handle(this.#dependencies, rolloutDecider, ROLLOUTS_STREAM, command, metadataOf(latest));
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
