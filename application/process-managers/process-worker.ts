/**
 * Takes turns for every project that has a process under way: many projects side by side (bounded), one turn
 * at a time per project. Woken by the log; a periodic look at what is open makes up for a lost wake-up.
 */
import type { RequestEvent, TroubleEvent } from '../../domain/project/events.ts';
import { projectOfStream, type ProjectId } from '../../domain/project/project-id.ts';
import type { Position, Subscription } from '../ports/event-store.ts';
import { turn, type TurnDependencies } from './process.ts';

export interface ProcessWorkerDependencies extends TurnDependencies {
  /** projects with a process under way, by a read model that stands at `position` */
  readonly openProcesses: () => Promise<{
    readonly projects: readonly ProjectId[];
    readonly position: Position;
  }>;
  /** projects at once */
  readonly concurrency: number;
  readonly lookEveryMs: number;
}

const WAKING: readonly (RequestEvent['type'] | TroubleEvent['type'])[] = [
  'ProjectRequested',
  'ProjectPauseRequested',
  'ProjectResumeRequested',
  'ProjectSleepRequested',
  'ProjectWakeRequested',
  'ProjectDeletionRequested',
  'ProjectUndeleteRequested',
  'ProjectPurgeRequested',
  'DataApiSettingsChanged',
  'JwtSecretRotated',
  'PreviousJwtSecretRetired',
  'DatabasePasswordRotated',
  'ProjectLimitsChanged',
  'DatabaseSizeExceeded',
  'DatabaseSizeOverrun',
  'DatabaseSizeBackWithinLimit',
  'ProjectUpgradeRequested',
  'StepRetryRequested',
];
const LOG_AWAY_PAUSE_MS = 500;

export class ProcessWorker {
  readonly #dependencies: ProcessWorkerDependencies;
  readonly #queue = new Set<ProjectId>();
  /** projects whose turn is running; true: woken again meanwhile */
  readonly #busy = new Map<ProjectId, boolean>();
  readonly #running = new Set<Promise<void>>();
  #stopping = new AbortController();
  #subscription: Subscription | undefined;
  #looking: Promise<void> = Promise.resolve();

  constructor(dependencies: ProcessWorkerDependencies) {
    this.#dependencies = dependencies;
  }

  async start(): Promise<void> {
    this.#stopping = new AbortController();
    // events after this position wake us; what was open before it is taken from the read model
    const { projects, position } = await this.#dependencies.openProcesses();
    this.#subscription = this.#dependencies.store.subscribe(
      { name: 'process-worker', after: position, filter: { types: WAKING, streamPrefix: 'project-' } },
      (batch) => {
        for (const { stream } of batch.events) this.#wake(projectOfStream(stream));
        return Promise.resolve();
      },
    );
    for (const project of projects) this.#wake(project);
    this.#looking = this.#lookNowAndThen();
  }

  /** Resolves when the turns that run have finished their step. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#subscription?.stop();
    await this.#looking;
    await Promise.all(this.#running);
  }

  #wake(project: ProjectId | undefined): void {
    if (project === undefined || this.#stopping.signal.aborted) return;
    if (this.#busy.has(project)) this.#busy.set(project, true);
    else this.#queue.add(project);
    this.#fill();
  }

  #fill(): void {
    for (const project of this.#queue) {
      if (this.#busy.size >= this.#dependencies.concurrency || this.#stopping.signal.aborted) return;
      this.#queue.delete(project);
      this.#busy.set(project, false);
      const running = this.#work(project).finally(() => {
        this.#running.delete(running);
        this.#fill();
      });
      this.#running.add(running);
    }
  }

  /** Turns of one project until there is nothing to do; one that waits gives its place to another. */
  async #work(project: ProjectId): Promise<void> {
    const { clock, log } = this.#dependencies;
    let waitMs: number | undefined;
    try {
      while (!this.#stopping.signal.aborted) {
        const result = await turn(this.#dependencies, project);
        if (result.kind === 'progressed') continue;
        if (result.kind === 'waiting') waitMs = Math.max(1, result.until.getTime() - clock.now().getTime());
        break;
      }
    } catch (error) {
      // the log is away, or a bug: either way this project only is held up
      log.error({ project, err: error }, 'a turn failed');
      waitMs = LOG_AWAY_PAUSE_MS;
    }
    const wokenMeanwhile = this.#busy.get(project) === true;
    this.#busy.delete(project);
    if (wokenMeanwhile) this.#queue.add(project);
    else if (waitMs !== undefined) this.#wakeIn(project, waitMs);
  }

  #wakeIn(project: ProjectId, ms: number): void {
    const waiting = this.#dependencies.clock.sleep(ms, this.#stopping.signal).then(() => {
      this.#running.delete(waiting);
      this.#wake(project);
    });
    this.#running.add(waiting);
  }

  async #lookNowAndThen(): Promise<void> {
    const { clock, lookEveryMs, openProcesses, log } = this.#dependencies;
    for (;;) {
      await clock.sleep(lookEveryMs, this.#stopping.signal);
      if (this.#stopping.signal.aborted) return;
      try {
        for (const project of (await openProcesses()).projects) this.#wake(project);
      } catch (error) {
        log.warn({ err: error }, 'could not look for open processes');
      }
    }
  }
}
