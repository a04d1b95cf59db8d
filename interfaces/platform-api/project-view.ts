import { z } from 'zod';
import {
  DEFAULT_CONNECTIONS,
  DEFAULT_STATEMENT_TIMEOUT_S,
  FILL_LEVELS,
  sizeLimitOf,
  type SeenSize,
} from '../../domain/project/limits.ts';
import { DATA_API_ROUTES, wholeSettings } from '../../domain/project/data-api-settings.ts';
import type { DataApiSettings, TxEnd } from '../../domain/project/events.ts';
import { isProjectId, projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import { PROJECT_STATUSES } from '../../domain/project/project-status.ts';
import type { ExistingProject } from '../../domain/project/project.ts';
import { loadOwnedProject } from '../../application/project/load-project.ts';
import type { SchemaChanges } from '../../application/ports/schema-changes.ts';
import type { DatabaseSizes } from '../../application/ports/database-sizes.ts';
import type { ProjectFiles, TakenByFiles } from '../../application/ports/project-files.ts';
import type { MeasuredSizes } from '../../application/ports/measured-sizes.ts';
import type { ProjectUsage } from '../../application/ports/project-usage.ts';
import type { EventStore } from '../../application/ports/event-store.ts';
import type { StreamWatch } from '../../application/stream-watch.ts';
import { etagOf } from '../http/etag.ts';

export const TX_ENDS = [
  'commit',
  'commit-allow-override',
  'rollback',
  'rollback-allow-override',
] as const satisfies readonly TxEnd[];

const dataApiView = z.object({
  max_rows: z.int(),
  schemas: z.array(z.string()),
  statement_timeout_s: z.number(),
  aggregates: z.boolean(),
  explain: z.boolean(),
  tx_end: z.enum(TX_ENDS),
  extra_search_path: z.array(z.string()),
  route: z.enum(DATA_API_ROUTES).nullable().describe('null: as the platform has it.'),
});

function dataApiBody(settings: DataApiSettings): z.input<typeof dataApiView> {
  const whole = wholeSettings(settings);
  return {
    max_rows: whole.maxRows,
    schemas: [...whole.schemas],
    statement_timeout_s: whole.statementTimeoutS,
    aggregates: whole.aggregates,
    explain: whole.explain,
    tx_end: whole.txEnd,
    extra_search_path: [...whole.extraSearchPath],
    route: whole.route,
  };
}

export const projectView = z.object({
  id: z.string(),
  name: z.string(),
  display_name: z.string(),
  status: z.enum(PROJECT_STATUSES),
  db_name: z.string(),
  template_version: z.int().describe("Of the platform's part of the database: what it has and brings along."),
  settings: z.object({ data_api: dataApiView }),
  missing_schemas: z
    .array(z.string())
    .nullable()
    .describe(
      'Of settings.data_api.schemas, those that the database does not have: the REST API goes on without. null: not looked for, as in lists and past states.',
    ),
  limits: z.object({
    database_size_bytes: z.number().nullable().describe('null: no limit.'),
    connections: z.int().describe('Sessions of the owner at once, pooled ones included.'),
    statement_timeout_s: z.int(),
  }),
  usage: z
    .object({
      database_size_bytes: z
        .number()
        .nullable()
        .describe('As it is now; in lists as it was last measured. null in past states and when unknown.'),
      database: z
        .enum(['within-limit', ...FILL_LEVELS])
        .describe('read-only: deletions only; cut-off: reads of the REST API only.'),
      since: z.iso.datetime().nullable(),
      storage_bytes: z
        .number()
        .nullable()
        .describe('Of all files, as it is now. null in lists and past states, and when unknown.'),
      storage_files: z.int().nullable().describe('How many there are, likewise.'),
    })
    .describe('Not part of what the ETag stands for.'),
  last_used_at: z.iso
    .datetime()
    .nullable()
    .describe(
      'When its REST API was asked last, or somebody worked through the pooler; a minute behind at most. null: not yet, or unknown, as in past states. Not part of what the ETag stands for.',
    ),
  waits_for: z
    .object({
      step: z.string(),
      attempts: z.int(),
      reason: z.string(),
      retry_at: z.iso.datetime().nullable(),
    })
    .nullable()
    .describe('The step that failed last, while its process is under way.'),
  purge_after: z.iso.datetime().nullable(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
  revision: z.int(),
});

type Shown = Pick<
  ExistingProject,
  | 'id'
  | 'name'
  | 'displayName'
  | 'status'
  | 'templateVersion'
  | 'dataApi'
  | 'limits'
  | 'fill'
  | 'purgeAfter'
  | 'createdAt'
  | 'updatedAt'
  | 'revision'
> &
  Partial<Pick<ExistingProject, 'run'>>;

interface Known {
  readonly sizes: DatabaseSizes;
  readonly measured: MeasuredSizes;
  readonly used: Pick<ProjectUsage, 'lastUses'>;
  readonly platformSizeMb: number;
  readonly schemas: Pick<SchemaChanges, 'existing'>;
  readonly files: Pick<ProjectFiles, 'taken'>;
}

/** Files may have to be counted first, and the rest is not to wait for that. */
const COUNT_WITHIN_MS = 1_000;

interface Measured {
  readonly databaseBytes?: number | undefined;
  readonly files?: TakenByFiles | undefined;
  readonly lastUsedAt?: Date | undefined;
}

/** Bodies of projects with how large their databases are. */
export class ProjectBodies {
  readonly #known: Known;

  constructor(known: Known) {
    this.#known = known;
  }

  async of(project: Shown) {
    const [databaseBytes, files, missing, used] = await Promise.all([
      this.#measure(project),
      this.#filesOf(project),
      this.#missingSchemas(project),
      this.#lastUses([project.id]),
    ]);
    const lastUsedAt = used.get(project.id);
    return { ...this.#body(project, { databaseBytes, files, lastUsedAt }), missing_schemas: missing };
  }

  /** Of many nobody looks at the disk: they were looked at a moment ago. */
  async ofAll(projects: readonly Shown[]) {
    const ids = projects.map(({ id }) => id);
    const [sizes, used] = await Promise.all([
      this.#known.measured.of(ids).catch(() => new Map<ProjectId, number>()),
      this.#lastUses(ids),
    ]);
    return projects.map((project) =>
      this.#body(project, { databaseBytes: sizes.get(project.id), lastUsedAt: used.get(project.id) }),
    );
  }

  ofPast(project: Shown) {
    return pastProjectBody(project, this.#known.platformSizeMb);
  }

  #body(project: Shown, measured: Measured) {
    return projectBody(project, this.#known.platformSizeMb, measured);
  }

  /** `public` alone is taken to be there: most have nothing else, and are not asked. */
  async #missingSchemas({ id, dataApi: { schemas } }: Shown): Promise<string[] | null> {
    if (schemas.every((name) => name === 'public')) return [];
    const existing = await this.#known.schemas.existing(id, schemas).catch(() => null);
    return existing && schemas.filter((name) => !existing.includes(name));
  }

  /** What is not known is left out: it must not keep anybody from reading the rest. */
  async #measure({ id }: Shown): Promise<number | undefined> {
    const seen = await this.#known.sizes.measure([id]).catch(() => new Map<ProjectId, SeenSize>());
    return seen.get(id)?.bytes;
  }

  async #lastUses(ids: readonly ProjectId[]): Promise<ReadonlyMap<ProjectId, Date>> {
    return this.#known.used.lastUses(ids).catch(() => new Map<ProjectId, Date>());
  }

  async #filesOf({ id }: Shown): Promise<TakenByFiles | undefined> {
    return this.#known.files.taken(id, AbortSignal.timeout(COUNT_WITHIN_MS)).catch(() => undefined);
  }
}

/** Of a past state nobody knows how large it was. */
export const pastProjectBody = (project: Shown, platformSizeMb: number) =>
  projectBody(project, platformSizeMb, {});

function projectBody(
  project: Shown,
  platformSizeMb: number,
  { databaseBytes, files, lastUsedAt }: Measured,
): z.input<typeof projectView> {
  const trouble = project.run?.trouble;
  const { limits, fill } = project;
  return {
    id: project.id,
    name: project.name,
    display_name: project.displayName,
    status: project.status,
    db_name: project.id,
    template_version: project.templateVersion,
    settings: { data_api: dataApiBody(project.dataApi) },
    missing_schemas: null,
    limits: {
      database_size_bytes: sizeLimitOf(limits, platformSizeMb),
      connections: limits.connections ?? DEFAULT_CONNECTIONS,
      statement_timeout_s: limits.statementTimeoutS ?? DEFAULT_STATEMENT_TIMEOUT_S,
    },
    usage: {
      database_size_bytes: databaseBytes ?? null,
      database: fill?.level ?? 'within-limit',
      since: fill?.since.toISOString() ?? null,
      storage_bytes: files?.bytes ?? null,
      storage_files: files?.files ?? null,
    },
    last_used_at: lastUsedAt?.toISOString() ?? null,
    waits_for: trouble
      ? {
          step: trouble.step,
          attempts: trouble.attempt,
          reason: trouble.reason,
          retry_at: trouble.retryAt?.toISOString() ?? null,
        }
      : null,
    purge_after: project.purgeAfter?.toISOString() ?? null,
    created_at: project.createdAt.toISOString(),
    updated_at: project.updatedAt.toISOString(),
    revision: project.revision,
  };
}

export const headersOf = (project: Pick<ExistingProject, 'id' | 'revision'>) => ({
  etag: etagOf(project.revision),
  location: `/api/projects/${project.id}`,
});

/** Anything that is no id of a project is, to its caller, a project that does not exist: 404, not 400. */
const NO_PROJECT = 'proj_0000000000000000' as ProjectId;
export const idParam = z.object({
  id: z
    .string()
    .max(200)
    .transform((text): ProjectId => (isProjectId(text) ? text : NO_PROJECT)),
});

/** Waits until no process is under way (or the project is suspended), at most as long as the caller wants. */
export async function settledProject(
  { store, watch }: { readonly store: EventStore; readonly watch: StreamWatch },
  ownerId: string,
  id: ProjectId,
  waitMs: number,
  signal: AbortSignal,
): Promise<{ project: ExistingProject; settled: boolean }> {
  const enough = AbortSignal.any([signal, AbortSignal.timeout(Math.max(1, waitMs))]);
  const look = async () => {
    const { project } = await loadOwnedProject(store, ownerId, id);
    return project.run === null || project.status === 'suspended' ? project : undefined;
  };
  const project = waitMs > 0 ? await watch.until(projectStream(id), look, enough) : await look();
  if (project) return { project, settled: true };
  return { project: (await loadOwnedProject(store, ownerId, id)).project, settled: false };
}
