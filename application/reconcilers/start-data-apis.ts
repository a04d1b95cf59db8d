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
const LOOKS_AT_ONE = 3;

export class DataApiStarts {
  readonly #dependencies: DataApiStartsDependencies;
  readonly #stopping = new AbortController();
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

  /** Begins with no other, and gives up those under way. */
  stop(): Promise<void> {
    this.#stopping.abort();
    return this.#starts.stop();
  }

  async #start(id: ProjectId): Promise<void> {
    try {
      await this.#ensure(id);
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      this.#dependencies.log.error({ project: id, err: error }, 'a REST API does not start');
    }
  }

  /**
   * As the log says now: it may have been put to sleep, or changed, while it waited. What comes while it starts, such as new
   * keys or a pause, is met by looking once more.
   */
  async #ensure(id: ProjectId): Promise<void> {
    const { world, store } = this.#dependencies;
    const { signal } = this.#stopping;
    let started: number | undefined;
    for (let looks = 0; looks < LOOKS_AT_ONE; looks++) {
      const project = (await loadProject(store, id))?.project;
      if (!project?.resources.postgrest) {
        if (started !== undefined) await world.dataApis.remove(id, signal);
        return;
      }
      if (project.revision === started) return;
      await world.dataApis.ensure(dataApiOf(world, project), signal);
      started = project.revision;
    }
  }
}
