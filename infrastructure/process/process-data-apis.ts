/**
 * One PostgREST process a project. Its configuration file is its natural name: a process with that command
 * line is the project's, whoever started it. What a kill -9 of ours left running is adopted.
 */
import { chown, mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { DataApi, DataApiState, Endpoint, ManagedDataApis } from '../../application/ports/data-apis.ts';
import { isProjectId, type ProjectId } from '../../domain/project/project-id.ts';
import { KeyedQueue } from '../../application/background/keyed-queue.ts';
import { pause } from '../../application/background/pause.ts';
import { DRAIN_MS, JUST_NOW_MS, probeRoot } from '../postgrest/postgrest-answers.ts';
import { Retirement, type InUse } from '../postgrest/retirement.ts';
import {
  configFile,
  ENDING,
  logFile,
  PostgrestProcess,
  type ObservedPostgrestOptions,
  type PostgrestOptions,
} from './postgrest-process.ts';
import { endProcess, isAlive, listPrograms } from './process-table.ts';

/** `folder` is made when missing. */
export interface ProcessDataApisOptions extends PostgrestOptions {
  readonly inUse?: InUse;
}

interface LeftRunning {
  readonly pid: number;
  /** started from the binary that we have now */
  readonly current: boolean;
}

export class ProcessDataApis implements ManagedDataApis {
  readonly #options: ProcessDataApisOptions;
  readonly #running = new Map<ProjectId, PostgrestProcess>();
  /** what ran at our start and was not ensured yet */
  readonly #left: Map<ProjectId, LeftRunning[]>;
  readonly #listeners: ((project: ProjectId, what: string) => void)[] = [];
  readonly #changes = new KeyedQueue<ProjectId>();
  readonly #retirement: Retirement;

  private constructor(options: ProcessDataApisOptions, left: Map<ProjectId, LeftRunning[]>) {
    this.#options = options;
    this.#left = left;
    this.#retirement = new Retirement(options.inUse);
  }

  /** Looks once at what an earlier run left; it is adopted by `ensure` or ended by `remove`. */
  static async create(options: ProcessDataApisOptions): Promise<ProcessDataApis> {
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
    if (options.user) await chown(options.folder, options.user.uid, options.user.gid);
    return new ProcessDataApis(options, await leftRunning(options));
  }

  ensure(api: DataApi, signal?: AbortSignal): Promise<void> {
    return this.#change(api.project, signal, () => this.#ensure(api, signal));
  }

  remove(project: ProjectId, signal?: AbortSignal): Promise<void> {
    return this.#change(project, signal, () => this.#remove(project));
  }

  retire(project: ProjectId, signal?: AbortSignal): Promise<boolean> {
    return this.#change(project, signal, async () => {
      if (this.#running.has(project))
        return this.#retirement.run(project, () => this.#remove(project), signal);
      await this.#remove(project);
      return true;
    });
  }

  /** Asks for it; the new tables are served some tens of milliseconds later. */
  reloadSchema(project: ProjectId): Promise<void> {
    return this.#changes.run(project, () => Promise.resolve(this.#running.get(project)?.reloadSchema()));
  }

  probe(project: ProjectId, signal?: AbortSignal): Promise<void> {
    const endpoint = this.endpoint(project);
    if (endpoint && this.#running.get(project)?.hasJustAnswered(JUST_NOW_MS)) return Promise.resolve();
    return probeRoot(project, endpoint, signal);
  }

  endpoint(project: ProjectId): Endpoint | undefined {
    return this.#retirement.has(project) ? undefined : this.#running.get(project)?.endpoint;
  }

  endpoints(): ReadonlyMap<ProjectId, Endpoint> {
    const found = [...this.#running.keys()].flatMap((project) => {
      const endpoint = this.endpoint(project);
      return endpoint ? [[project, endpoint] as const] : [];
    });
    return new Map(found);
  }

  /** Those that run, also what an earlier run left. */
  async list(): Promise<readonly ProjectId[]> {
    const running = [...this.#running].filter(([, one]) => one.endpoint !== undefined).map(([id]) => id);
    for (const [project, processes] of this.#left) {
      const alive = await Promise.all(processes.map(({ pid }) => isAlive(pid)));
      if (alive.includes(true) && !running.includes(project)) running.push(project);
    }
    return running;
  }

  async state(api: DataApi): Promise<DataApiState> {
    const current = this.#running.get(api.project);
    if (!current?.endpoint) return 'absent';
    return Promise.resolve(current.distance(api) === 'same' ? 'as-wanted' : 'different');
  }

  onDisturbed(listener: (project: ProjectId, what: string) => void): void {
    this.#listeners.push(listener);
  }

  /** Ends all of them, also those that an earlier run left; the files stay. */
  async stop(): Promise<void> {
    const all = new Set([...this.#running.keys(), ...this.#left.keys()]);
    await Promise.all([...all].map((project) => this.#changes.run(project, () => this.#end(project))));
  }

  /** Of what was stopped while it waited for others nothing is begun. */
  #change<T>(project: ProjectId, signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
    return this.#changes.run(project, async () => {
      signal?.throwIfAborted();
      return work();
    });
  }

  async #ensure(api: DataApi, signal: AbortSignal | undefined): Promise<void> {
    const { project } = api;
    const current = this.#running.get(project) ?? (await this.#adopt(api));
    const distance = current?.distance(api) ?? 'restart';
    if (distance === 'same') return;
    if (current && distance === 'reload') return current.reload(api, signal);
    // one that does not answer has nothing to lose, and would come back on its own
    if (current && !current.endpoint) await this.#end(project);
    this.#running.set(project, await PostgrestProcess.start(api, this.#observed(project), signal));
    if (!current?.endpoint) return;
    await pause(DRAIN_MS);
    await current.stop();
  }

  async #adopt(api: DataApi): Promise<PostgrestProcess | undefined> {
    const [left, ...others] = this.#left.get(api.project) ?? [];
    if (left?.current && others.length === 0) {
      const adopted = await PostgrestProcess.adopt(api, left.pid, this.#observed(api.project));
      if (adopted) {
        this.#left.delete(api.project);
        this.#running.set(api.project, adopted);
        return adopted;
      }
    }
    await this.#end(api.project);
    return undefined;
  }

  #observed(project: ProjectId): ObservedPostgrestOptions {
    const onRestarted = () => {
      for (const listener of this.#listeners) listener(project, 'it ended by itself');
    };
    return { ...this.#options, onRestarted };
  }

  async #remove(project: ProjectId): Promise<void> {
    await this.#end(project);
    const file = configFile(this.#options.folder, project);
    const log = logFile(this.#options.folder, project);
    for (const name of [file, `${file}.new`, log, `${log}.1`]) {
      await rm(name, { force: true });
    }
  }

  async #end(project: ProjectId): Promise<void> {
    await this.#running.get(project)?.stop();
    this.#running.delete(project);
    await Promise.all((this.#left.get(project) ?? []).map(({ pid }) => endProcess(pid, ENDING)));
    this.#left.delete(project);
  }
}

async function leftRunning({ binary, folder }: PostgrestOptions): Promise<Map<ProjectId, LeftRunning[]>> {
  const found = new Map<ProjectId, LeftRunning[]>();
  for (const { pid, command } of await listPrograms()) {
    const project = basename(command, '.conf');
    if (!isProjectId(project)) continue;
    const ours = `${basename(binary)} ${configFile(folder, project)}`;
    // another release of ours may have started it from another place
    if (command !== ours && !command.endsWith(join('/', ours))) continue;
    const current = command === `${binary} ${configFile(folder, project)}`;
    found.set(project, [...(found.get(project) ?? []), { pid, current }]);
  }
  return found;
}
