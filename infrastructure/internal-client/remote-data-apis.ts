/** The REST APIs, through the manager: it reads from the log what one has to run with. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { within } from '../../application/background/deadline.ts';
import type { DataApi, DataApis, Endpoint, ProjectTraffic } from '../../application/ports/data-apis.ts';
import type { Log } from '../../application/ports/log.ts';
import { isProjectId, type ProjectId } from '../../domain/project/project-id.ts';
import { NotWanted, type InternalClient } from './internal-client.ts';

const AGAIN_MS = 500;
const FIRST_WITHIN_MS = 30_000;

const endpoint = z.object({ host: z.string(), port: z.int() });
const standing = z.object({ project_id: z.string() });
const spawned = standing.extend({ endpoint: endpoint.nullable() });
const retired = standing.extend({ retired: z.boolean() });
const table = z.object({ version: z.string(), endpoints: z.record(z.string(), endpoint) });

export class RemoteDataApis implements DataApis {
  readonly #manager: InternalClient;
  readonly #log: Log;
  readonly #traffic: ProjectTraffic | undefined;
  /** of this process, to tell it from other gateways */
  readonly #id = randomUUID();
  readonly #stopping = new AbortController();
  #endpoints = new Map<ProjectId, Endpoint>();
  /** of the table that they come from */
  #version = '';
  #following: Promise<void> = Promise.resolve();
  /** the question that waits for news */
  #waiting = new AbortController();
  #refreshing: PromiseWithResolvers<void> | undefined;

  /** @param traffic what this process sends there, which the manager has to know before it ends one */
  constructor(manager: InternalClient, log: Log, traffic?: ProjectTraffic) {
    this.#manager = manager;
    this.#log = log;
    this.#traffic = traffic;
  }

  async ensure({ project }: DataApi, signal?: AbortSignal): Promise<void> {
    const { endpoint: at } = await this.#manager.ask('POST', `/postgrest/${project}/spawn`, spawned, {
      signal,
    });
    if (at) this.#endpoints.set(project, at);
  }

  async remove(project: ProjectId, signal?: AbortSignal): Promise<void> {
    // the pool entry has a step of its own
    await this.#manager.ask('DELETE', `/postgrest/${project}?pool=keep`, standing, { signal });
    this.#endpoints.delete(project);
  }

  async retire(project: ProjectId, signal?: AbortSignal): Promise<boolean> {
    const answer = await this.#manager.ask('POST', `/postgrest/${project}/retire`, retired, { signal });
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

  async probe(project: ProjectId, signal?: AbortSignal): Promise<void> {
    await this.#manager.ask('GET', `/postgrest/${project}/probe`, standing, { signal });
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
    await within(FIRST_WITHIN_MS, first.promise, () => {});
  }

  /** Asks now, once for all who ask meanwhile: one that was started a moment ago may not have been told yet. */
  refresh(): Promise<void> {
    if (!this.#refreshing) {
      this.#refreshing = Promise.withResolvers();
      this.#waiting.abort();
    }
    return this.#refreshing.promise;
  }

  /** One question at a time: of two answers nobody could say which is the newer one. */
  async #follow(known: () => void): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const refreshing = this.#refreshing;
      const waiting = new AbortController();
      this.#waiting = waiting;
      try {
        if (refreshing) this.#version = '';
        await this.#look(AbortSignal.any([signal, waiting.signal]));
        known();
      } catch (error) {
        if (signal.aborted) break;
        // cut short for a newer one
        if (waiting.signal.aborted && !refreshing) continue;
        this.#log.warn({ err: error }, 'the manager does not tell where REST APIs are');
        await sleep(AGAIN_MS, undefined, { signal }).catch(() => {});
      }
      if (refreshing) this.#refreshed();
    }
    this.#refreshed();
    known();
  }

  #refreshed(): void {
    this.#refreshing?.resolve();
    this.#refreshing = undefined;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#following;
  }

  /** Tells how this process uses projects; the manager answers when it has news, or after a second. */
  async #look(signal: AbortSignal): Promise<void> {
    const body = { gateway: this.#id, after: this.#version, sent: this.#sent() };
    const told = await this.#manager.ask('POST', '/postgrest/endpoints', table, { signal, body });
    const known = Object.entries(told.endpoints).filter(([id]) => isProjectId(id));
    this.#endpoints = new Map(known as [ProjectId, Endpoint][]);
    this.#version = told.version;
  }

  /** Of the projects that it may send to or is at work for. */
  #sent(): Record<ProjectId, { requests: number; under_way: number }> {
    const traffic = this.#traffic;
    if (!traffic) return {};
    const used = [...traffic.projects()].filter((id) => this.#endpoints.has(id) || traffic.underWay(id) > 0);
    return Object.fromEntries(
      used.map((id) => [id, { requests: traffic.requests(id), under_way: traffic.underWay(id) }]),
    );
  }
}
