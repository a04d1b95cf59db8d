/**
 * A project's REST API shows the schemas of its settings that are there. One that is missing would keep newer releases
 * of PostgREST from showing any, so it is left out until it comes back: whoever asks for a schema sees it by the DDL that
 * makes it, and the owner is told which ones are missing.
 */
import type { DataApi, ManagedDataApis } from '../../application/ports/data-apis.ts';
import type { Log } from '../../application/ports/log.ts';
import type { SchemaChanges } from '../../application/ports/schema-changes.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { KeyedQueue } from '../../application/background/keyed-queue.ts';

/** every database has it, unless its owner is about to make it anew */
const USUAL = 'public';

export class ExistingSchemas implements ManagedDataApis {
  readonly #inner: ManagedDataApis;
  readonly #schemas: Pick<SchemaChanges, 'existing'>;
  readonly #log: Log;
  /** by the settings */
  readonly #wanted = new Map<ProjectId, DataApi>();
  readonly #missing = new Map<ProjectId, readonly string[]>();
  readonly #changes = new KeyedQueue<ProjectId>();

  constructor(inner: ManagedDataApis, schemas: Pick<SchemaChanges, 'existing'>, log: Log) {
    this.#inner = inner;
    this.#schemas = schemas;
    this.#log = log;
  }

  ensure(api: DataApi, signal?: AbortSignal): Promise<void> {
    return this.#changes.run(api.project, async () => {
      signal?.throwIfAborted();
      this.#wanted.set(api.project, api);
      await this.#inner.ensure(await this.#shown(api), signal);
    });
  }

  async state(api: DataApi): ReturnType<ManagedDataApis['state']> {
    return this.#inner.state(await this.#shown(api));
  }

  /** Also takes up schemas that came or went. */
  reloadSchema(project: ProjectId): Promise<void> {
    return this.#changes.run(project, async () => {
      const wanted = this.#wanted.get(project);
      if (wanted && !showsUsualOnly(wanted)) {
        const api = await this.#shown(wanted);
        if ((await this.#inner.state(api)) === 'different') return this.#inner.ensure(api);
      }
      return this.#inner.reloadSchema(project);
    });
  }

  remove(project: ProjectId, signal?: AbortSignal): Promise<void> {
    this.#forget(project);
    return this.#inner.remove(project, signal);
  }

  async retire(project: ProjectId, signal?: AbortSignal): Promise<boolean> {
    const retired = await this.#inner.retire(project, signal);
    if (retired) this.#forget(project);
    return retired;
  }

  probe(project: ProjectId, signal?: AbortSignal): Promise<void> {
    return this.#inner.probe(project, signal);
  }

  endpoint(project: ProjectId): ReturnType<ManagedDataApis['endpoint']> {
    return this.#inner.endpoint(project);
  }

  endpoints(): ReturnType<ManagedDataApis['endpoints']> {
    return this.#inner.endpoints();
  }

  list(): Promise<readonly ProjectId[]> {
    return this.#inner.list();
  }

  onDisturbed(listener: (project: ProjectId, what: string) => void): void {
    this.#inner.onDisturbed(listener);
  }

  stop(): Promise<void> {
    return this.#inner.stop();
  }

  async #shown(api: DataApi): Promise<DataApi> {
    if (showsUsualOnly(api)) return api;
    const { project } = api;
    const { schemas } = api.settings;
    try {
      const existing = await this.#schemas.existing(project, schemas);
      this.#tell(
        project,
        schemas.filter((name) => !existing.includes(name)),
      );
    } catch (error) {
      // as it was, then; an API whose database is away has other troubles
      this.#log.debug({ project, err: error }, 'cannot tell which schemas are there');
    }
    const existing = schemas.filter((name) => !this.#missing.get(project)?.includes(name));
    // with none at all there is nothing to show
    return existing.length === 0 ? api : { ...api, settings: { ...api.settings, schemas: existing } };
  }

  #tell(project: ProjectId, missing: readonly string[]): void {
    const now = missing.join(', ');
    if (now === (this.#missing.get(project) ?? []).join(', ')) return;
    this.#missing.set(project, missing);
    if (now === '') this.#log.info({ project }, 'all schemas of the REST API are there');
    else this.#log.warn({ project, missing: now }, 'the REST API does without schemas that are missing');
  }

  #forget(project: ProjectId): void {
    this.#wanted.delete(project);
    this.#missing.delete(project);
  }
}

const showsUsualOnly = ({ settings: { schemas } }: DataApi): boolean =>
  schemas.length === 1 && schemas[0] === USUAL;
