/**
 * The few things that we ask of a Docker engine, each bounded in time. What is asked here is what the socket proxy
 * lets through; containers are named, never addressed by id, so that it can tell ours by their names.
 */
import Docker, {
  type ContainerCreateOptions,
  type ContainerInfo,
  type ContainerInspectInfo,
} from 'dockerode';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refused, Unavailable, unavailable } from '../../application/errors.ts';
import { packFile, unpackFile, type PackedFile } from './tar-file.ts';
import { unlessAborted, within } from '../../application/background/deadline.ts';

const ANSWER_WITHIN_MS = 30_000;

export class DockerEngine {
  /** as in DOCKER_HOST */
  readonly host: string;
  readonly docker: Docker;
  readonly #abort: { readonly abortSignal?: AbortSignal };

  /**
   * @param host `unix:///path` or `tcp://host:port`
   * @param signal ends the questions that are under way; what the engine does by then it goes on to do
   */
  constructor(host: string, signal?: AbortSignal) {
    this.host = host;
    this.#abort = signal ? { abortSignal: signal } : {};
    const url = new URL(host);
    // an empty host or socket keeps the library from reading the environment by itself
    this.docker =
      url.protocol === 'unix:'
        ? new Docker({ host: '', socketPath: url.pathname })
        : new Docker({ protocol: 'http', host: url.hostname, port: url.port === '' ? '2375' : url.port });
  }

  /** The same engine, asked until then. */
  until(signal: AbortSignal): DockerEngine {
    return new DockerEngine(this.host, signal);
  }

  /** @throws {Refused} nobody answers, with what to do */
  async requireAnswer(): Promise<void> {
    await bounded(this.docker.ping()).catch((error: unknown) => {
      throw new Refused(
        `LAUNCHDB_RUNTIME=docker needs a Docker engine, and none answers at ${this.host} (${codeOf(error)}). Start ` +
          'Docker, let this user reach its socket, or set DOCKER_HOST; or set LAUNCHDB_RUNTIME=process.',
        error,
      );
    });
  }

  inspect(name: string): Promise<ContainerInspectInfo | undefined> {
    return ifThere(
      this.#ask('look at a container', this.docker.getContainer(name).inspect({ ...this.#abort })),
    );
  }

  /** Also those that do not run. */
  containersWith(labels: Readonly<Record<string, string>>): Promise<ContainerInfo[]> {
    const label = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
    return this.#ask('list the containers', this.docker.listContainers({ all: true, filters: { label } }));
  }

  /** Waits for the answer also when it is aborted: the engine would make it all the same, in the way of the next try. */
  async create(name: string, body: ContainerCreateOptions): Promise<void> {
    // the library would put all of it into the address otherwise
    const request = { _query: { name }, _body: body } as ContainerCreateOptions;
    await attempt('make a container', bounded(this.docker.createContainer(request)));
  }

  /** A container that is not there, or was removed meanwhile, is one that was removed. Takes its own volumes along. */
  async remove(name: string): Promise<void> {
    const removal = this.docker.getContainer(name).remove({ force: true, v: true, ...this.#abort });
    await ifThere(this.#ask('remove a container', removal)).catch(async (error: unknown) => {
      // somebody else removes it at this moment
      if (statusOf(error) !== 409 || !(await this.#isGone(name))) throw error;
    });
  }

  async #isGone(name: string): Promise<boolean> {
    for (const deadline = performance.now() + ANSWER_WITHIN_MS; performance.now() < deadline;) {
      if (!(await this.inspect(name))) return true;
      await sleep(50);
    }
    return false;
  }

  async start(name: string): Promise<void> {
    await this.#ask('start a container', this.docker.getContainer(name).start({ ...this.#abort }));
  }

  async signal(name: string, signal: NodeJS.Signals): Promise<void> {
    await this.#ask('signal a container', this.docker.getContainer(name).kill({ signal, ...this.#abort }));
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#ask('rename a container', this.docker.getContainer(from).rename({ name: to }));
  }

  async putFile(name: string, folder: string, file: PackedFile): Promise<void> {
    const sent = this.docker.getContainer(name).putArchive(await packFile(file), { path: folder });
    await this.#ask('copy a file into a container', sent);
  }

  /** @returns undefined when there is no such file */
  async readFile(name: string, path: string): Promise<string | undefined> {
    const archive = this.docker.getContainer(name).getArchive({ path });
    const read = archive.then((stream) => unpackFile(stream as Readable));
    return ifThere(this.#ask('read a file of a container', read));
  }

  /** The last lines of a container's log, each with the engine's time in front. */
  async lastLog(name: string, lines: number): Promise<string> {
    const options = {
      stdout: true,
      stderr: true,
      timestamps: true,
      tail: lines,
      follow: false,
      ...this.#abort,
    } as const;
    return (await this.#ask('read a log', this.docker.getContainer(name).logs(options))).toString('utf8');
  }

  #ask<T>(attempted: string, answer: Promise<T>): Promise<T> {
    return attempt(attempted, bounded(answer, ANSWER_WITHIN_MS, this.#abort.abortSignal));
  }
}

async function attempt<T>(attempted: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw unavailable('docker', `have Docker ${attempted} (${codeOf(error)})`, error);
  }
}

/** @throws when there is no answer in time; the library's own bound does not see an answer that stops half-way */
export async function bounded<T>(
  answer: Promise<T>,
  withinMs = ANSWER_WITHIN_MS,
  signal?: AbortSignal,
): Promise<T> {
  const inTime = within(withinMs, answer, () => {
    throw new Error('no answer in time');
  });
  return unlessAborted(inTime, signal, () => {
    throw new Error('it was stopped');
  });
}

/** What the engine answered, or why it did not; bodies of answers may hold what we sent. */
export function codeOf(error: unknown): string {
  const cause = error instanceof Unavailable ? error.cause : error;
  const { statusCode, code } = (cause ?? {}) as { statusCode?: number; code?: string };
  if (statusCode !== undefined) return `it answered ${statusCode}`;
  return code ?? (cause instanceof Error ? cause.message : 'unknown');
}

/** For the message of what failed because of the engine. */
export const reasonOfEngine = (error: unknown): string =>
  error instanceof Unavailable ? `: ${error.message}` : '';

const statusOf = (error: unknown): number | undefined =>
  (error instanceof Unavailable ? (error.cause as { statusCode?: number } | undefined) : undefined)
    ?.statusCode;

async function ifThere<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (statusOf(error) === 404) return undefined;
    throw error;
  }
}
