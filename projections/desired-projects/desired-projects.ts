import type {
  DataApiSettings,
  ProcessName,
  ProjectLimits,
  SealedSecrets,
} from '../../domain/project/events.ts';
import type { ServerName } from '../../domain/project/server-name.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { SigningKeys } from '../../domain/project/signing-keys.ts';
import type { ProjectStatus } from '../../domain/project/project.ts';
import type { StoredEvent } from '../../application/ports/event-store.ts';
import { foldProject, type KeptProject } from '../project-fold.ts';
import { fillOf, fillRow, type FillRow } from '../fill-row.ts';
import { factsOf, rowOf, type RowOf } from '../facts.ts';
import { rowPerProject } from '../row-per-project.ts';

interface Facts {
  readonly projectId: ProjectId;
  readonly ownerId: string;
  readonly status: ProjectStatus;
  readonly process: ProcessName | null;
  readonly database: boolean;
  readonly users: boolean;
  readonly pool: boolean;
  readonly postgrest: boolean;
  readonly secrets: SealedSecrets;
  /** whose tokens are still good; the time is RFC 3339 */
  readonly previousKeys: { readonly secrets: SealedSecrets; readonly until: string } | null;
  readonly signingKeys: SigningKeys;
  readonly dataApi: DataApiSettings;
  readonly templateVersion: number;
  readonly server: ServerName;
  readonly limits: ProjectLimits;
  readonly fill: FillRow | null;
  readonly revision: number;
}

export type DesiredProjectRow = RowOf<Facts>;

/** What of each project shall stand in the outside world, and what it is made from. A purged one is absent. */
export const desiredProjects = rowPerProject<DesiredProjectRow>(
  {
    name: 'desired-projects',
    version: 2,
    schemaUrl: new URL('schema.sql', import.meta.url),
    indexesUrl: new URL('indexes.sql', import.meta.url),
  },
  { table: 'projects', key: 'project_id', fold: foldDesiredProject },
);

export function foldDesiredProject(
  row: DesiredProjectRow | undefined,
  events: readonly StoredEvent[],
): DesiredProjectRow | undefined {
  const project = foldProject(row && kept(row), events);
  if (!project || project.status === 'purged') return undefined;
  const { id: projectId, ownerId, status, run, resources, previousKeys, fill } = project;
  const { secrets, signingKeys, dataApi, templateVersion, server, limits, revision } = project;
  return rowOf({
    projectId,
    ownerId,
    status,
    process: run?.process ?? null,
    ...resources,
    secrets,
    previousKeys: previousKeys && {
      secrets: previousKeys.secrets,
      until: previousKeys.until.toISOString(),
    },
    signingKeys,
    dataApi,
    templateVersion,
    server,
    limits,
    fill: fillRow(fill),
    revision,
  });
}

/** Of any columns of a row; times in JSON are dates again. */
export const desiredOf = <Row extends Pick<DesiredProjectRow, 'previous_keys' | 'fill'>>(row: Row) => ({
  ...factsOf(row),
  previousKeys: row.previous_keys && { ...row.previous_keys, until: new Date(row.previous_keys.until) },
  fill: fillOf(row.fill),
});

function kept(row: DesiredProjectRow): KeptProject {
  const { projectId: id, database, users, pool, postgrest, ...facts } = desiredOf(row);
  return { ...facts, id, resources: { database, users, pool, postgrest } };
}
