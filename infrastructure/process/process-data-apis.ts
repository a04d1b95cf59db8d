/**
 * One PostgREST process a project. Its configuration file is its natural name: a process with that command
 * line is the project's, whoever started it. What a kill -9 of ours left running is adopted.
 */
import { chown, mkdir, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Unavailable } from '../../application/errors.ts';
import type { DataApi, DataApiState, Endpoint, ManagedDataApis } from '../../application/ports/data-apis.ts';
import { isProjectId, type ProjectId } from '../../domain/project/project-id.ts';
import {
  configFile,
  ENDING,
  httpStatus,
  logFile,
  PostgrestProcess,
  type ObservedPostgrestOptions,
  type PostgrestOptions,
} from './postgrest-process.ts';
import { endProcess, isAlive, listPrograms } from './process-table.ts';

/** `folder` is made when missing. */
export interface ProcessDataApisOptions extends PostgrestOptions {
  /** whether requests are under way; asked while no new one can get there */
  readonly inUse?: (project: ProjectId) => Promise<boolean>;
}

interface LeftRunning {
  readonly pid: number;
  /** started from the binary that we have now */
  readonly current: boolean;
}

const PROBE_WITHIN_MS = 5_000;
/** how long requests to a replaced process may go on */
const DRAIN_MS = 1_000;
/** how long one that shall retire waits for requests under way; whoever wants it meanwhile waits, too */
const QUIET_WITHIN_MS = 2_000;
const QUIET_POLL_MS = 50;
/** until gateways in other processes have heard that nobody is to be sent there */
const HEARD_AFTER_MS = 250;

export class ProcessDataApis implements ManagedDataApis {
  readonly #options: ProcessDataApisOptions;
  readonly #running = new Map<ProjectId, PostgrestProcess>();
  /** what ran at our start and was not ensured yet */
  readonly #left: Map<ProjectId, LeftRunning[]>;
  readonly #listeners: ((project: ProjectId, what: string) => void)[] = [];
  /** ending, unless somebody uses them: nobody new is sent there */
  readonly #retiring = new Set<ProjectId>();
  /** one change at a time per project */
  readonly #turns = new Map<ProjectId, Promise<unknown>>();

  private constructor(options: ProcessDataApisOptions, left: Map<ProjectId, LeftRunning[]>) {
    this.#options = options;
    this.#left = left;
  }

  /** Looks once at what an earlier run left; it is adopted by `ensure` or ended by `remove`. */
  static async create(options: ProcessDataApisOptions): Promise<ProcessDataApis> {
    await mkdir(options.folder, { recursive: true, mode: 0o700 });
    if (options.user) await chown(options.folder, options.user.uid, options.user.gid);
    return new ProcessDataApis(options, await leftRunning(options));
  }

  ensure(api: DataApi): Promise<void> {
    return this.#alone(api.project, () => this.#ensure(api));
  }

  remove(project: ProjectId): Promise<void> {
    return this.#alone(project, () => this.#remove(project));
  }

  retire(project: ProjectId): Promise<boolean> {
    return this.#alone(project, async () => {
      if (!this.#running.has(project)) {
        await this.#remove(project);
        return true;
      }
      this.#retiring.add(project);
      try {
        if (!(await this.#getsQuiet(project))) return false;
        await this.#remove(project);
        return true;
      } finally {
        this.#retiring.delete(project);
      }
    });
  }

  /** Asks for it; the new tables are served some tens of milliseconds later. */
  reloadSchema(project: ProjectId): Promise<void> {
    return this.#alone(project, () => Promise.resolve(this.#running.get(project)?.reloadSchema()));
  }

  /** The root document says what the role may use at this moment, so PostgREST has to ask the database. */
  async probe(project: ProjectId): Promise<void> {
    const endpoint = this.endpoint(project);
    const attempted = `get an answer from the REST API of ${project}`;
    if (!endpoint) throw new Unavailable(attempted);
    const ask = { port: endpoint.port, path: '/', method: 'HEAD', withinMs: PROBE_WITHIN_MS } as const;
    const status = await httpStatus(ask).catch((error: unknown) => {
      throw new Unavailable(attempted, error);
    });
    if (status !== 200) throw new Unavailable(`${attempted}: it answered ${status}`);
  }

  endpoint(project: ProjectId): Endpoint | undefined {
    return this.#retiring.has(project) ? undefined : this.#running.get(project)?.endpoint;
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
    await Promise.all([...all].map((project) => this.#alone(project, () => this.#end(project))));
  }

  async #ensure(api: DataApi): Promise<void> {
    const { project } = api;
    const current = this.#running.get(project) ?? (await this.#adopt(api));
    const distance = current?.distance(api) ?? 'restart';
    if (distance === 'same') return;
    if (current && distance === 'reload') return current.reload(api);
    // one that does not answer has nothing to lose, and would come back on its own
    if (current && !current.endpoint) await this.#end(project);
    this.#running.set(project, await PostgrestProcess.start(api, this.#observed(project)));
    if (!current?.endpoint) return;
    await new Promise((resolve) => setTimeout(resolve, DRAIN_MS));
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

  async #getsQuiet(project: ProjectId): Promise<boolean> {
    const { inUse } = this.#options;
    await new Promise((resolve) => setTimeout(resolve, HEARD_AFTER_MS));
    const deadline = Date.now() + QUIET_WITHIN_MS;
    while (await inUse?.(project)) {
      if (Date.now() > deadline) return false;
      await new Promise((resolve) => setTimeout(resolve, QUIET_POLL_MS));
    }
    return true;
  }

  async #remove(project: ProjectId): Promise<void> {
    await this.#end(project);
    const file = configFile(this.#options.folder, project);
    for (const name of [file, `${file}.new`, logFile(this.#options.folder, project)]) {
      await rm(name, { force: true });
    }
  }

  async #end(project: ProjectId): Promise<void> {
    await this.#running.get(project)?.stop();
    this.#running.delete(project);
    await Promise.all((this.#left.get(project) ?? []).map(({ pid }) => endProcess(pid, ENDING)));
    this.#left.delete(project);
  }

  #alone<T>(project: ProjectId, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(project) ?? Promise.resolve();
    const mine = before.then(work, work);
    const settled = mine
      .catch(() => {})
      .then(() => {
        if (this.#turns.get(project) === settled) this.#turns.delete(project);
      });
    this.#turns.set(project, settled);
    return mine;
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
