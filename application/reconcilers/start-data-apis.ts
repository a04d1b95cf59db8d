/**
 * Starts the REST APIs that the log says shall stand, at the start of the manager. Those that sleep cost nothing. Whoever is
 * asked for comes first, so that nobody waits for all the others.
 */
import type { ProjectId } from '../../domain/project/project-id.ts';
import { AskedFirst } from '../background/asked-first.ts';
import { dataApiOf } from '../desired/desired-project.ts';
import type { ManagedWorld } from '../desired/world.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { Log } from '../ports/log.ts';
import { loadProject } from '../project/load-project.ts';

export interface DataApiStartsDependencies {
  readonly world: Pick<ManagedWorld, 'dataApis' | 'secrets' | 'logins' | 'route'>;
  readonly store: Pick<EventStore, 'readStream'>;
  readonly log: Log;
}

/** each has a core for most of the time that it takes: more of them wait for one another */
const STARTS_AT_ONCE = 8;
/** who starts the platform finds these there; the others come while it serves */
const WAITED_FOR = 16;

export class DataApiStarts {
  readonly #dependencies: DataApiStartsDependencies;
  readonly #starts = new AskedFirst<ProjectId>(STARTS_AT_ONCE, (project) => this.#start(project));

  constructor(dependencies: DataApiStartsDependencies) {
    this.#dependencies = dependencies;
  }

  /** Resolves when the first of them have started; the others follow. */
  async begin(projects: readonly ProjectId[]): Promise<void> {
    await Promise.all(this.#starts.add(projects).slice(0, WAITED_FOR));
  }

  /** Whoever asks for one that has not started yet waits until it has, and before all others. */
  ask(project: ProjectId): Promise<void> {
    return this.#starts.ask(project);
  }

  /** Resolves when all have been started: what is missing afterwards is missing. */
  allDone(): Promise<void> {
    return this.#starts.allDone();
  }

  stop(): Promise<void> {
    return this.#starts.stop();
  }

  /** As the log says now: it may have been put to sleep, or changed, while it waited. */
  async #start(id: ProjectId): Promise<void> {
    const { world, store, log } = this.#dependencies;
    try {
      const project = (await loadProject(store, id))?.project;
      // what a process is at work on is that process's business, but for an upgrade, which must not be noticed
      const isBusy = project?.run && project.run.process !== 'upgrade';
      if (!project?.resources.postgrest || isBusy) return;
      await world.dataApis.ensure(dataApiOf(world, project));
    } catch (error) {
      log.error({ project: id, err: error }, 'a REST API does not start');
    }
  }
}
