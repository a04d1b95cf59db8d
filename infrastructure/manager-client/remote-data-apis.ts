/** The REST APIs, through the manager: it reads from the log what one has to run with. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { DataApi, DataApis, Endpoint } from '../../application/ports/data-apis.ts';
import type { Log } from '../../application/ports/log.ts';
import { isProjectId, type ProjectId } from '../../domain/project/project-id.ts';
import { NotWanted, type ManagerClient } from './manager-client.ts';

const AGAIN_MS = 500;
const FIRST_WITHIN_MS = 30_000;

const endpoint = z.object({ host: z.string(), port: z.int() });
const standing = z.object({ project_id: z.string() });
const spawned = standing.extend({ endpoint: endpoint.nullable() });
const retired = standing.extend({ retired: z.boolean() });
const table = z.object({ version: z.string(), endpoints: z.record(z.string(), endpoint) });

export class RemoteDataApis implements DataApis {
  readonly #manager: ManagerClient;
  readonly #log: Log;
  readonly #stopping = new AbortController();
  #endpoints = new Map<ProjectId, Endpoint>();
  #following: Promise<void> = Promise.resolve();
  #refreshing: Promise<void> | undefined;

  constructor(manager: ManagerClient, log: Log) {
    this.#manager = manager;
    this.#log = log;
  }

  async ensure({ project }: DataApi): Promise<void> {
    const { endpoint: at } = await this.#manager.ask('POST', `/postgrest/${project}/spawn`, spawned);
    if (at) this.#endpoints.set(project, at);
  }

  async remove(project: ProjectId): Promise<void> {
    // the pool entry has a step of its own
    await this.#manager.ask('DELETE', `/postgrest/${project}?pool=keep`, standing);
    this.#endpoints.delete(project);
  }

  async retire(project: ProjectId): Promise<boolean> {
    const answer = await this.#manager.ask('POST', `/postgrest/${project}/retire`, retired);
    if (answer.retired) this.#endpoints.delete(project);
    return answer.retired;
  }

  /** Resolves when it is awake; {@link endpoint} knows then where. @throws {NotWanted} it does not sleep */
  async wake(project: ProjectId, signal: AbortSignal): Promise<void> {
    const { endpoint: at } = await this.#manager.ask('POST', `/postgrest/${project}/wake`, spawned, {
      signal,
    });
    if (at) this.#endpoints.set(project, at);
  }

  async reloadSchema(project: ProjectId): Promise<void> {
    await this.#manager.ask('POST', `/postgrest/${project}/restart`, standing).catch((error: unknown) => {
      if (!(error instanceof NotWanted)) throw error;
    });
  }

  async probe(project: ProjectId): Promise<void> {
    await this.#manager.ask('GET', `/postgrest/${project}/probe`, standing);
  }

  endpoint(project: ProjectId): Endpoint | undefined {
    return this.#endpoints.get(project);
  }

  /**
   * From now on {@link endpoint} knows of all of them.
   * @returns when it does, or when the manager has been away for 30 s: it is asked again until it answers
   */
  async follow(): Promise<void> {
    const first = Promise.withResolvers<void>();
    this.#following = this.#follow(first.resolve);
    const giveUp = setTimeout(first.resolve, FIRST_WITHIN_MS);
    await first.promise;
    clearTimeout(giveUp);
  }

  /** Asks now, once for all who ask meanwhile: one that was started a moment ago may not have been told yet. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#look('')
      .then(
        () => {},
        () => {},
      )
      .finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  async #follow(known: () => void): Promise<void> {
    const { signal } = this.#stopping;
    let version = '';
    while (!signal.aborted) {
      try {
        version = await this.#look(version);
        known();
      } catch (error) {
        if (signal.aborted) break;
        this.#log.warn({ err: error }, 'the manager does not tell where REST APIs are');
        await sleep(AGAIN_MS, undefined, { signal }).catch(() => {});
      }
    }
    known();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#following;
  }

  /** @returns the version that was told; the manager answers when it has another one, or after a while */
  async #look(after: string): Promise<string> {
    const path = `/postgrest/endpoints?after=${after}`;
    const { version, endpoints } = await this.#manager.ask('GET', path, table, {
      signal: this.#stopping.signal,
    });
    const known = Object.entries(endpoints).filter(([id]) => isProjectId(id));
    this.#endpoints = new Map(known as [ProjectId, Endpoint][]);
    return version;
  }
}
