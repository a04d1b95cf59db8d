/**
 * What the log knows of a project's migrations. The project's database is the truth of what was applied; the events
 * follow it. A crash in between leaves a start without an outcome: whoever looks next asks the database and records it.
 */
import type { MigrationEvent } from '../../domain/migration/events.ts';
import type { MigrationKey } from '../../domain/migration/plan-migrations.ts';
import { projectMigrationsStream, type ProjectId } from '../../domain/project/project-id.ts';
import { appendSettled, readOrEmpty } from '../handle.ts';
import type { EventMetadata, EventStore, NewEvent, StoredEvent } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';
import type { AppliedMigration } from '../ports/owner-migrations.ts';

type MigrationFact = StoredEvent & MigrationEvent;
type Started = StoredEvent & Extract<MigrationEvent, { type: 'MigrationStarted' }>;

interface Known {
  /** by {@link keyOf}: whoever applied it, when and how long it took */
  readonly applied: ReadonlyMap<string, MigrationFact>;
  /** by version: begun, and nothing was heard since */
  readonly open: ReadonlyMap<number, Started>;
}

const keyOf = (row: MigrationKey & { readonly appliedAt: Date }): string =>
  [row.version, row.name, row.checksum, row.appliedAt.toISOString()].join(' ');

export class MigrationRecord {
  readonly #store: EventStore;
  readonly #ids: Ids;
  readonly #project: ProjectId;

  constructor({ store, ids }: { store: EventStore; ids: Ids }, project: ProjectId) {
    this.#store = store;
    this.#ids = ids;
    this.#project = project;
  }

  async history(): Promise<readonly MigrationFact[]> {
    return (await readOrEmpty(
      this.#store,
      projectMigrationsStream(this.#project),
    )) as readonly MigrationFact[];
  }

  /** @returns the metadata of what follows from it */
  async started(file: MigrationKey, metadata: EventMetadata): Promise<EventMetadata> {
    const id = this.#ids.uuid();
    await this.#append({ id, type: 'MigrationStarted', data: this.#named(file), metadata });
    return { ...metadata, causationId: id };
  }

  /** The same row is never recorded twice. */
  async applied(row: AppliedMigration, metadata: EventMetadata): Promise<void> {
    const id = this.#ids.uuidFor(`migration ${this.#project} ${keyOf(row)}`);
    const data = {
      ...this.#named(row),
      appliedAt: row.appliedAt.toISOString(),
      durationMs: row.durationMs,
    };
    await this.#append({ id, type: 'MigrationApplied', data, metadata });
  }

  async failed(file: MigrationKey, outcome: string, metadata: EventMetadata): Promise<void> {
    const data = { ...this.#named(file), outcome };
    await this.#append({ id: this.#ids.uuid(), type: 'MigrationFailed', data, metadata });
  }

  async rehearsed(
    file: MigrationKey,
    how: { readonly outcome: string; readonly durationMs: number },
    metadata: EventMetadata,
  ): Promise<void> {
    const data = { ...this.#named(file), ...how };
    await this.#append({ id: this.#ids.uuid(), type: 'MigrationRehearsed', data, metadata });
  }

  /** Whether {@link settle} has nothing to do. */
  async isSettled(rows: readonly AppliedMigration[]): Promise<boolean> {
    const { applied, open } = known(await this.history());
    return open.size === 0 && rows.every((row) => applied.has(keyOf(row)));
  }

  /** Records what the database says and the log does not know yet. Only while nobody migrates. */
  async settle(rows: readonly AppliedMigration[], looker: EventMetadata): Promise<void> {
    const { applied, open } = known(await this.history());
    const begun = new Map(open);
    for (const row of rows.filter((one) => !applied.has(keyOf(one)))) {
      const start = begun.get(row.version);
      const ours = start?.data.checksum === row.checksum ? start : undefined;
      await this.applied(row, afterTheFact(looker, ours));
      if (ours) begun.delete(row.version);
    }
    for (const start of begun.values()) await this.failed(start.data, 'cut off', afterTheFact(looker, start));
  }

  #named({ version, name, checksum }: MigrationKey) {
    return { projectId: this.#project, version, name, checksum };
  }

  async #append(event: NewEvent & MigrationEvent): Promise<void> {
    await appendSettled(this.#store, projectMigrationsStream(this.#project), 'any', [event]);
  }
}

/** Whoever began it did it; a row without a beginning came with a restored database or by hand. */
function afterTheFact(looker: EventMetadata, start: Started | undefined): EventMetadata {
  if (start) return { ...start.metadata, causationId: start.id, reason: 'found out after it was cut off' };
  const actor = { kind: 'system', id: 'migrations' } as const;
  return { ...looker, actor, reason: "found in the project's database" };
}

function known(history: readonly MigrationFact[]): Known {
  const applied = new Map<string, MigrationFact>();
  const open = new Map<number, Started>();
  for (const event of history) {
    const { type, data } = event;
    if (type === 'MigrationStarted') open.set(data.version, event as Started);
    if (type === 'MigrationApplied' || type === 'MigrationFailed') open.delete(data.version);
    if (type === 'MigrationApplied')
      applied.set(keyOf({ ...data, appliedAt: new Date(data.appliedAt) }), event);
  }
  return { applied, open };
}
