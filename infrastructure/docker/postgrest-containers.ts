/** One project's PostgREST in a container: made, made to answer, reloaded, ended. What is true the engine knows. */
import type { ContainerInspectInfo } from 'dockerode';
import { Refused, unavailable } from '../../application/errors.ts';
import type { DataApi, Endpoint } from '../../application/ports/data-apis.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { pause } from '../../application/background/pause.ts';
import {
  hasReadSchema,
  POLL_MS,
  RELOAD,
  RELOAD_WITHIN_MS,
  untilReady,
} from '../postgrest/postgrest-answers.ts';
import {
  configDigests,
  postgrestConfig,
  readPostgrestConfig,
  type DatabaseRoute,
} from '../postgrest/postgrest-config.ts';
import { ensureNetwork, type ContainerNetwork } from './container-network.ts';
import {
  CONFIG_FILE,
  CONFIG_FOLDER,
  createBody,
  isAsMade,
  LABELS,
  LISTENING,
  USER_ID,
} from './container-template.ts';
import { reasonOfEngine, type DockerEngine } from './docker-engine.ts';

export interface ContainerOptions {
  readonly engine: DockerEngine;
  /** whose containers these are; several platforms may share an engine */
  readonly platform: string;
  readonly imageId: string;
  readonly network: ContainerNetwork;
  /** from a project's REST API to its database */
  readonly routeOf: (api: Pick<DataApi, 'server' | 'route'>) => DatabaseRoute;
  readonly release: string;
}

/** A container that answered, and with what. */
export interface Serving {
  readonly id: string;
  /** undefined while it is known not to answer */
  endpoint: Endpoint | undefined;
  /** of what it can reload; empty while it is not sure what it has taken up */
  reload: string;
  /** on the clock of `performance`; undefined: it was found running, or somebody was told already */
  readyAt?: number | undefined;
}

const START_WITHIN_MS = 15_000;
const ADOPT_WITHIN_MS = 3_000;
const LOOK_EVERY_MS = 100;
const LOG_LINES = 50;
const LOG_LINE = /(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z) (.*)/g;

export class PostgrestContainers {
  readonly #options: ContainerOptions;

  readonly #engine: DockerEngine;
  readonly #signal: AbortSignal | undefined;

  constructor(options: ContainerOptions, signal?: AbortSignal) {
    this.#options = options;
    this.#engine = signal ? options.engine.until(signal) : options.engine;
    this.#signal = signal;
  }

  /** The same, but what waits for the engine or for a container stops when the signal aborts. */
  until(signal: AbortSignal | undefined): PostgrestContainers {
    return signal ? new PostgrestContainers(this.#options, signal) : this;
  }

  /** @returns undefined when there is none of that name. @throws {Refused} it is somebody else's */
  async inspect(project: ProjectId, name: string): Promise<ContainerInspectInfo | undefined> {
    const info = await this.#engine.inspect(name);
    if (info && !this.isOurs(info, project)) {
      throw new Refused(
        `the container ${name} was not made by this platform; rename or remove it, then try again`,
      );
    }
    return info;
  }

  isOurs({ Config: { Labels: labels } }: ContainerInspectInfo, project: ProjectId): boolean {
    return labels[LABELS.platform] === this.#options.platform && labels[LABELS.project] === project;
  }

  /** Where it is reached, or undefined when it is not up on our network. */
  endpointOf({ State: state, NetworkSettings: { Networks } }: ContainerInspectInfo): Endpoint | undefined {
    const host = Networks[this.#options.network.name]?.IPAddress ?? '';
    const up = state.Running && !state.Restarting && !state.Paused && host !== '';
    return up ? { host, port: LISTENING.port } : undefined;
  }

  /** How far what runs is from what is wanted. */
  distance(info: ContainerInspectInfo, serving: Serving, api: DataApi): 'same' | 'reload' | 'restart' {
    const wanted = configDigests(api, this.#options.routeOf(api));
    if (!isAsMade(info, this.#body(api)) || info.Config.Labels[LABELS.config] !== wanted.restart)
      return 'restart';
    return serving.reload === wanted.reload ? 'same' : 'reload';
  }

  /** @throws {Unavailable} nothing is left of it then */
  async start(api: DataApi, name: string): Promise<Serving> {
    const { network } = this.#options;
    const engine = this.#engine;
    try {
      // one without containers is what people tidy away
      await ensureNetwork(engine, network);
      await engine.create(name, this.#body(api));
      // what it reads at its start it has taken up when it is ready
      await this.#writeConfig(api, name, true);
      await engine.start(name);
      const info = await this.inspect(api.project, name);
      const endpoint = info && this.endpointOf(info);
      if (!endpoint) throw new Error('it ended while it started');
      await this.#untilReady(name, endpoint);
      const { reload } = configDigests(api, this.#options.routeOf(api));
      return { id: info.Id, endpoint, reload, readyAt: performance.now() };
    } catch (error) {
      // also when it was stopped
      await new PostgrestContainers(this.#options).remove(api.project, name).catch(() => {});
      throw unavailable('rest_api', `start the REST API of ${api.project}${reasonOfEngine(error)}`, error);
    }
  }

  /**
   * One that an earlier run of ours left, or that the engine started again.
   * @returns undefined when it does not answer within a moment
   */
  async adopt(project: ProjectId, name: string): Promise<Serving | undefined> {
    const deadline = performance.now() + ADOPT_WITHIN_MS;
    while (performance.now() < deadline) {
      const info = await this.inspect(project, name);
      const endpoint = info && this.endpointOf(info);
      // stopped, paused or cut off by hand it does not come back by itself
      if (!endpoint && !info?.State.Restarting) return undefined;
      if (endpoint) {
        const ready = this.#untilReady(name, endpoint, deadline - performance.now(), info.RestartCount);
        if (await succeeds(ready)) return { id: info.Id, endpoint, reload: await this.#reloadDigest(name) };
      }
      await pause(POLL_MS);
    }
    return undefined;
  }

  /** Requests go on meanwhile. @throws {Unavailable} */
  async reload(api: DataApi, name: string, serving: Serving): Promise<void> {
    serving.reload = '';
    await this.#writeConfig(api, name, false);
    for (const { signal, answer } of RELOAD) {
      const from = (await this.#log(name)).at(-1)?.at ?? '';
      await this.#engine.signal(name, signal);
      const deadline = performance.now() + RELOAD_WITHIN_MS;
      while (!(await this.#log(name)).some(({ at, text }) => at > from && text.includes(answer))) {
        if (performance.now() > deadline || this.#signal?.aborted)
          throw unavailable('rest_api', `reload the REST API of ${api.project}`);
        await pause(POLL_MS);
      }
    }
    await this.#writeConfig(api, name, true);
    serving.reload = configDigests(api, this.#options.routeOf(api)).reload;
  }

  /** To remove what is not ours, or not there, does nothing. */
  async remove(project: ProjectId, name: string): Promise<void> {
    const info = await this.#engine.inspect(name);
    if (info && this.isOurs(info, project)) await this.#engine.remove(name);
  }

  rename(from: string, to: string): Promise<void> {
    return this.#engine.rename(from, to);
  }

  #body(api: DataApi) {
    const { platform, imageId, network, release, routeOf } = this.#options;
    const config = configDigests(api, routeOf(api)).restart;
    return createBody({ platform, project: api.project, imageId, network: network.name, config, release });
  }

  #writeConfig(api: DataApi, name: string, confirmed: boolean): Promise<void> {
    const content = postgrestConfig(api, this.#options.routeOf(api), LISTENING, confirmed);
    const file = { name: CONFIG_FILE, content, mode: 0o400, owner: USER_ID };
    return this.#engine.putFile(name, CONFIG_FOLDER, file);
  }

  async #reloadDigest(name: string): Promise<string> {
    const text = await this.#engine.readFile(name, `${CONFIG_FOLDER}/${CONFIG_FILE}`);
    return readPostgrestConfig(text ?? '')?.reload ?? '';
  }

  async #untilReady(name: string, api: Endpoint, withinMs = START_WITHIN_MS, restarts = 0): Promise<void> {
    const over = new AbortController();
    const stop = () => over.abort(this.#signal?.reason);
    this.#signal?.addEventListener('abort', stop, { once: true });
    const look = async () => {
      const info = await this.#engine.inspect(name);
      const same = info?.State.Running && !info.State.Restarting && info.RestartCount === restarts;
      if (!same) over.abort(new Error('it ended while it started'));
    };
    // an engine that does not answer at this moment says nothing about the container
    const watch = setInterval(() => void look().catch(() => {}), LOOK_EVERY_MS);
    try {
      const admin = { host: api.host, port: LISTENING.adminPort };
      await untilReady(admin, withinMs, over.signal, () => hasReadSchema(api));
    } finally {
      this.#signal?.removeEventListener('abort', stop);
      clearInterval(watch);
    }
  }

  async #log(name: string): Promise<{ at: string; text: string }[]> {
    const log = await this.#engine.lastLog(name, LOG_LINES);
    return [...log.matchAll(LOG_LINE)].map(([, at = '', text = '']) => ({ at, text }));
  }
}

const succeeds = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  );
