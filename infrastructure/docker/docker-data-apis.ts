/**
 * One container a project. Its name is its natural name, its labels say that it is ours; the engine starts it again by
 * itself when it ends or the machine was rebooted, and here it is noticed. What a run of ours left is adopted.
 */
import type { ContainerInspectInfo } from 'dockerode';
import type { DataApi, DataApiState, Endpoint, ManagedDataApis } from '../../application/ports/data-apis.ts';
import type { Log } from '../../application/ports/log.ts';
import { isProjectId, type ProjectId } from '../../domain/project/project-id.ts';
import { KeyedQueue } from '../../application/background/keyed-queue.ts';
import { pause } from '../../application/background/pause.ts';
import { DRAIN_MS, JUST_NOW_MS, probeRoot } from '../postgrest/postgrest-answers.ts';
import { Retirement, type InUse } from '../postgrest/retirement.ts';
import { containerName, LABELS, nextContainerName } from './container-template.ts';
import { EngineEvents, type EngineEvent } from './engine-events.ts';
import { PostgrestContainers, type ContainerOptions, type Serving } from './postgrest-containers.ts';

export interface DockerDataApisOptions extends ContainerOptions {
  readonly log: Log;
  readonly inUse?: InUse;
  /** whether a stop of ours ends the containers: what they need ends, too */
  readonly endWithUs: boolean;
}

export class DockerDataApis implements ManagedDataApis {
  readonly #options: DockerDataApisOptions;
  readonly #containers: PostgrestContainers;
  readonly #events: EngineEvents;
  /** what was made or adopted, by the last that was seen of it */
  readonly #serving = new Map<ProjectId, Serving>();
  readonly #listeners: ((project: ProjectId, what: string) => void)[] = [];
  readonly #changes = new KeyedQueue<ProjectId>();
  readonly #retirement: Retirement;

  private constructor(options: DockerDataApisOptions) {
    this.#options = options;
    this.#retirement = new Retirement(options.inUse);
    this.#containers = new PostgrestContainers(options);
    this.#events = new EngineEvents({
      engine: options.engine,
      log: options.log,
      onConnected: () => this.#lookAtAll(),
      onEvent: (event) => this.#happened(event),
    });
  }

  /** What an earlier run left is adopted by `ensure` or ended by `remove`. @throws the engine tells no events */
  static async create(options: DockerDataApisOptions): Promise<DockerDataApis> {
    const apis = new DockerDataApis(options);
    await apis.#events.start();
    return apis;
  }

  ensure(api: DataApi, signal?: AbortSignal): Promise<void> {
    return this.#change(api.project, signal, () => this.#ensure(api, signal));
  }

  remove(project: ProjectId, signal?: AbortSignal): Promise<void> {
    return this.#change(project, signal, () => this.#remove(project, signal));
  }

  retire(project: ProjectId, signal?: AbortSignal): Promise<boolean> {
    return this.#change(project, signal, async () => {
      const remove = () => this.#remove(project, signal);
      if (this.endpoint(project)) return this.#retirement.run(project, remove, signal);
      await remove();
      return true;
    });
  }

  /** Asks for it; the new tables are served some tens of milliseconds later. */
  reloadSchema(project: ProjectId): Promise<void> {
    return this.#changes.run(project, async () => {
      // while it starts it reads the schema anyway, and a signal would end it
      if (this.endpoint(project)) await this.#options.engine.signal(containerName(project), 'SIGUSR1');
    });
  }

  probe(project: ProjectId, signal?: AbortSignal): Promise<void> {
    const endpoint = this.endpoint(project);
    const serving = this.#serving.get(project);
    const ageMs = performance.now() - (serving?.readyAt ?? -Infinity);
    // told once: whoever asks again wants to know anew
    if (serving) serving.readyAt = undefined;
    if (endpoint && ageMs <= JUST_NOW_MS) return Promise.resolve();
    return probeRoot(project, endpoint, signal);
  }

  endpoint(project: ProjectId): Endpoint | undefined {
    return this.#retirement.has(project) ? undefined : this.#serving.get(project)?.endpoint;
  }

  endpoints(): ReadonlyMap<ProjectId, Endpoint> {
    const known = [...this.#serving.keys()].flatMap((project) => {
      const endpoint = this.endpoint(project);
      return endpoint ? [[project, endpoint] as const] : [];
    });
    return new Map(known);
  }

  /** Also those that do not run, and what an earlier run left: all that would have to be removed. */
  async list(): Promise<readonly ProjectId[]> {
    const { engine, platform } = this.#options;
    const containers = await engine.containersWith({ [LABELS.platform]: platform });
    const projects = containers.flatMap(({ Labels, Names }) => {
      const project = Labels[LABELS.project] ?? '';
      if (!isProjectId(project)) return [];
      const ours = [`/${containerName(project)}`, `/${nextContainerName(project)}`];
      return Names.some((name) => ours.includes(name)) ? [project] : [];
    });
    return [...new Set(projects)];
  }

  /** Waits for a change that is under way: in the midst of it two may stand. */
  state(api: DataApi): Promise<DataApiState> {
    return this.#changes.run(api.project, () => this.#state(api));
  }

  async #state(api: DataApi): Promise<DataApiState> {
    const info = await this.#options.engine.inspect(containerName(api.project));
    if (info && !this.#containers.isOurs(info, api.project)) return 'different';
    if (!info || !this.#containers.endpointOf(info)) return 'absent';
    const serving = this.#known(api.project, info);
    return serving && this.#containers.distance(info, serving, api) === 'same' ? 'as-wanted' : 'different';
  }

  onDisturbed(listener: (project: ProjectId, what: string) => void): void {
    this.#listeners.push(listener);
  }

  async stop(): Promise<void> {
    await this.#events.stop();
    if (!this.#options.endWithUs) return;
    await Promise.all((await this.list()).map((project) => this.remove(project)));
  }

  /** Of what was stopped while it waited for others nothing is begun. */
  #change<T>(project: ProjectId, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    return this.#changes.run(project, async () => {
      signal?.throwIfAborted();
      return work();
    });
  }

  async #remove(project: ProjectId, signal: AbortSignal | undefined): Promise<void> {
    const containers = this.#containers.until(signal);
    this.#serving.delete(project);
    await containers.remove(project, nextContainerName(project));
    await containers.remove(project, containerName(project));
  }

  async #ensure(api: DataApi, signal: AbortSignal | undefined): Promise<void> {
    const { project } = api;
    const containers = this.#containers.until(signal);
    const name = containerName(project);
    // left by a replacement that was cut short
    await containers.remove(project, nextContainerName(project));
    const info = await containers.inspect(project, name);
    const serving = info && (this.#known(project, info) ?? (await this.#adopt(project, containers)));
    if (!info || !serving) {
      this.#serving.delete(project);
      // one that does not answer has nothing to lose
      if (info) await containers.remove(project, name);
      this.#serving.set(project, await containers.start(api, name));
      return;
    }
    const distance = containers.distance(info, serving, api);
    if (distance === 'reload') await containers.reload(api, name, serving);
    if (distance === 'restart') await this.#replace(api, containers);
  }

  /** The new one answers before the old one ends. */
  async #replace(api: DataApi, containers: PostgrestContainers): Promise<void> {
    const { project } = api;
    const [name, next] = [containerName(project), nextContainerName(project)];
    this.#serving.set(project, await containers.start(api, next));
    // from here on it serves: whoever stops us now has it whole all the same
    await pause(DRAIN_MS);
    await this.#containers.remove(project, name);
    await this.#containers.rename(next, name);
  }

  async #adopt(project: ProjectId, containers = this.#containers): Promise<Serving | undefined> {
    const serving = await containers.adopt(project, containerName(project));
    if (serving) this.#serving.set(project, serving);
    return serving;
  }

  /** What we remember of a container, if that is still true. */
  #known(project: ProjectId, info: ContainerInspectInfo): Serving | undefined {
    const serving = this.#serving.get(project);
    const host = this.#containers.endpointOf(info)?.host;
    return serving?.id === info.Id && host !== undefined && serving.endpoint?.host === host
      ? serving
      : undefined;
  }

  #happened({ action, id, name }: EngineEvent): void {
    const [project, serving] = [...this.#serving].find(([, one]) => one.id === id) ?? [];
    if (!project || !serving) return;
    // the last step of a replacement
    if (action === 'rename' && name === containerName(project)) return;
    if (action === 'start') void this.#changes.run(project, () => this.#startedAgain(project, id));
    else if (action === 'update' || action === 'rename') this.#tell(project, 'its container was changed');
    else this.#down(project, serving);
  }

  /** By the engine, with another address perhaps. */
  async #startedAgain(project: ProjectId, id: string): Promise<void> {
    if (this.#serving.get(project)?.id !== id) return;
    await this.#adopt(project).catch((error: unknown) => {
      this.#options.log.warn({ project, err: error }, 'a restarted container could not be adopted');
    });
  }

  /** Several events tell of one end, in no fixed order. */
  #down(project: ProjectId, serving: Serving): void {
    const told = serving.endpoint === undefined;
    serving.endpoint = undefined;
    if (!told) this.#tell(project, 'its container ended or was cut off');
  }

  #tell(project: ProjectId, what: string): void {
    for (const listener of this.#listeners) listener(project, what);
  }

  /** After a time without events: of what is not as it was remembered. */
  async #lookAtAll(): Promise<void> {
    for (const [project, serving] of this.#serving) {
      const info = await this.#options.engine.inspect(containerName(project));
      if (info && this.#known(project, info)) continue;
      this.#down(project, serving);
      if (info?.Id === serving.id)
        void this.#changes.run(project, () => this.#startedAgain(project, info.Id));
    }
  }
}
