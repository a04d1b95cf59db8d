/** One project's PostgREST: its configuration file, its process, its signals. */
import { statSync } from 'node:fs';
import { chown, open, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unavailable } from '../../application/errors.ts';
import type { DataApi, Endpoint } from '../../application/ports/data-apis.ts';
import type { Log } from '../../application/ports/log.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { pause } from '../../application/background/pause.ts';
import {
  opensSessionMeanwhile,
  POLL_MS,
  RELOAD,
  RELOAD_WITHIN_MS,
  SCHEMA_READ,
  untilReady,
} from '../postgrest/postgrest-answers.ts';
import {
  configDigests,
  postgrestConfig,
  readPostgrestConfig,
  type ConfigDigests,
  type DatabaseRoute,
  type PostgrestPorts,
} from '../postgrest/postgrest-config.ts';
import { freePort } from './free-port.ts';
import { launch } from './launch.ts';
import { signal } from './process-table.ts';
import { SupervisedProgram } from './supervised-program.ts';
import type { SystemUser } from './system-user.ts';

export interface PostgrestOptions {
  /** the PostgREST binary */
  readonly binary: string;
  /** where the configuration files and logs are */
  readonly folder: string;
  /** from a project's REST API to its database */
  readonly routeOf: (api: Pick<DataApi, 'server' | 'route'>) => DatabaseRoute;
  readonly user: SystemUser | undefined;
  readonly log: Log;
}

export interface ObservedPostgrestOptions extends PostgrestOptions {
  /** told when it had ended by itself and runs again */
  readonly onRestarted: () => void;
}

const START_WITHIN_MS = 15_000;
const ADOPT_WITHIN_MS = 3_000;
const START_TRIES = 3;
const HOST = '127.0.0.1';
/** it takes 14 when it serves */
const HEAP_MIB = 256;
/** TERM ends requests in flight, too */
export const ENDING = [
  { signal: 'SIGTERM', waitMs: 2_000 },
  { signal: 'SIGKILL', waitMs: 2_000 },
] as const;

/** Whoever listens where the server should: a password is proved, never told (libpq 16 and later). */
const REQUIRED_OF_SERVER = { PGREQUIREAUTH: 'scram-sha-256' };

export const configFile = (folder: string, project: ProjectId): string => join(folder, `${project}.conf`);
export const logFile = (folder: string, project: ProjectId): string => join(folder, `${project}.log`);

export class PostgrestProcess {
  readonly #options: ObservedPostgrestOptions;
  readonly #program: SupervisedProgram;
  /** what it has to run with, also after a restart */
  #api: DataApi;
  #ports: PostgrestPorts;
  /** what it is known to run with */
  #digests: ConfigDigests | undefined;
  /** where in its log begins what it says of its latest start */
  #logFrom = 0;
  /** how large it was when it was last looked at */
  #logSeen = 0;
  #answeredAt = -Infinity;

  private constructor(api: DataApi, options: ObservedPostgrestOptions, left?: Left) {
    this.#api = api;
    this.#options = options;
    this.#ports = left?.config ?? { port: 0, adminPort: 0 };
    this.#digests = left?.config;
    const { binary, folder, user, log } = options;
    let launched = false;
    this.#program = new SupervisedProgram({
      name: `postgrest ${api.project}`,
      log,
      find: () => Promise.resolve(left?.pid),
      launch: async () => {
        launched = true;
        this.#digests = undefined;
        // new ones at every start: meanwhile somebody else may have taken the old ones
        const [port, adminPort] = await Promise.all([freePort(), freePort()]);
        this.#ports = { port, adminPort };
        await this.#write(false);
        this.#logFrom = sizeOf(logFile(folder, api.project));
        this.#logSeen = this.#logFrom;
        const args = [configFile(folder, api.project)];
        return launch({
          command: binary,
          args,
          cwd: folder,
          logFile: logFile(folder, api.project),
          user,
          // it reads a project's whole schema into its memory, comments and all; more than this ends it
          env: { ...REQUIRED_OF_SERVER, GHCRTS: `-M${HEAP_MIB}m` },
        });
      },
      ready: async (_pid, ended) => {
        const { adminPort } = this.#ports;
        await untilReady(
          { host: HOST, port: adminPort },
          launched ? START_WITHIN_MS : ADOPT_WITHIN_MS,
          ended,
          launched ? () => this.#saysThat(SCHEMA_READ) : undefined,
        );
        // one that was found runs with what it was started with
        if (launched) await this.#confirm();
        this.#answeredAt = performance.now();
      },
      onRestarted: () => options.onRestarted(),
      ending: ENDING,
    });
  }

  /** @throws {Unavailable} nothing is left running then */
  static async start(
    api: DataApi,
    options: ObservedPostgrestOptions,
    signal?: AbortSignal,
  ): Promise<PostgrestProcess> {
    const deadline = performance.now() + START_WITHIN_MS;
    for (let tries = 1; ; tries++) {
      const one = new PostgrestProcess(api, options);
      const stop = () => void one.#program.stop();
      signal?.addEventListener('abort', stop, { once: true });
      try {
        await one.#program.start();
        return one;
      } catch (error) {
        // it may have ended because somebody else took its port before it did
        if (tries === START_TRIES || performance.now() > deadline || signal?.aborted) {
          throw unavailable('rest_api', `start the REST API of ${api.project}`, error);
        }
      } finally {
        signal?.removeEventListener('abort', stop);
      }
    }
  }

  /** Takes over what an earlier run left. @returns undefined when that does not answer as its file says */
  static async adopt(
    api: DataApi,
    pid: number,
    options: ObservedPostgrestOptions,
  ): Promise<PostgrestProcess | undefined> {
    const text = await readFile(configFile(options.folder, api.project), 'utf8').catch(() => '');
    const config = readPostgrestConfig(text);
    if (!config) return undefined;
    const one = new PostgrestProcess(api, options, { pid, config });
    return one.#program.start().then(
      () => one,
      () => undefined,
    );
  }

  /** undefined while it does not answer */
  get endpoint(): Endpoint | undefined {
    return this.#program.pid === undefined ? undefined : { host: HOST, port: this.#ports.port };
  }

  /** Whether it has become ready this lately, and not ended since. Told once: whoever asks again wants to know anew. */
  hasJustAnswered(withinMs: number): boolean {
    const ageMs = performance.now() - this.#answeredAt;
    this.#answeredAt = -Infinity;
    return this.endpoint !== undefined && ageMs <= withinMs;
  }

  /** How far what runs is from what is wanted. */
  distance(api: DataApi): 'same' | 'reload' | 'restart' {
    const wanted = this.#digestsOf(api);
    if (this.endpoint === undefined || this.#digests?.restart !== wanted.restart) return 'restart';
    return this.#digests.reload === wanted.reload ? 'same' : 'reload';
  }

  /** Requests go on meanwhile. @throws {Unavailable} */
  async reload(api: DataApi, stopped?: AbortSignal): Promise<void> {
    this.#api = api;
    await this.#write(false);
    this.#digests = this.#digests && { ...this.#digests, reload: '' };
    for (const { signal: name, answer } of RELOAD) await this.#signalled(name, answer, stopped);
    await this.#confirm();
  }

  reloadSchema(): void {
    const { pid } = this.#program;
    // while it starts it reads the schema anyway, and a signal would end it
    if (pid === undefined || !signal(pid, 'SIGUSR1')) return;
    opensSessionMeanwhile({ host: HOST, port: this.#ports.adminPort });
  }

  stop(): Promise<void> {
    return this.#program.stop();
  }

  /** In its log, since its latest start. It is looked at often: what has not grown is not read again. */
  async #saysThat(what: string): Promise<boolean> {
    const file = logFile(this.#options.folder, this.#api.project);
    const size = sizeOf(file);
    if (size === this.#logSeen) return false;
    this.#logSeen = size;
    return readFrom(file, this.#logFrom).then(
      (text) => text.includes(what),
      () => false,
    );
  }

  async #signalled(name: NodeJS.Signals, answer: string, stopped: AbortSignal | undefined): Promise<void> {
    const file = logFile(this.#options.folder, this.#api.project);
    const from = (await stat(file)).size;
    const { pid } = this.#program;
    const deadline = performance.now() + RELOAD_WITHIN_MS;
    if (pid !== undefined && signal(pid, name)) {
      while (performance.now() < deadline && this.#program.pid === pid && !stopped?.aborted) {
        if ((await readFrom(file, from)).includes(answer)) return;
        await pause(POLL_MS);
      }
    }
    throw unavailable('rest_api', `reload the REST API of ${this.#api.project}`);
  }

  async #confirm(): Promise<void> {
    await this.#write(true);
    this.#digests = this.#digestsOf(this.#api);
  }

  #digestsOf(api: DataApi): ConfigDigests {
    return configDigests(api, this.#options.routeOf(api));
  }

  async #write(confirmed: boolean): Promise<void> {
    const { folder, routeOf, user } = this.#options;
    const route = routeOf(this.#api);
    const file = configFile(folder, this.#api.project);
    const draft = `${file}.new`;
    const text = postgrestConfig(this.#api, route, { host: HOST, ...this.#ports }, confirmed);
    await writeFile(draft, text, { mode: 0o600 });
    if (user) await chown(draft, user.uid, user.gid);
    await rename(draft, file);
  }
}

interface Left {
  readonly pid: number;
  readonly config: PostgrestPorts & ConfigDigests;
}

/** At once, which takes some microseconds; by the thread pool it would take ten times as long. */
const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

async function readFrom(file: string, position: number): Promise<string> {
  const handle = await open(file);
  try {
    // it may have been cut short meanwhile
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read({
      position: size < position ? 0 : position,
      buffer: Buffer.alloc(64 * 1024),
    });
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}
