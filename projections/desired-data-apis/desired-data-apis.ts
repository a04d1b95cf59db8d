import type {
  DataApiSettings,
  ProcessName,
  ProjectLimits,
  SealedSecrets,
} from '../../domain/project/events.ts';
import type { ServerName } from '../../domain/project/server-name.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { ProjectStatus } from '../../domain/project/project.ts';
import type { StoredEvent } from '../../application/ports/event-store.ts';
import { evolveProject } from '../project-fold.ts';
import { fillOf, fillRow, type FillRow } from '../fill-row.ts';
import { rowPerProject } from '../row-per-project.ts';

export interface DataApiRow {
  readonly project_id: ProjectId;
  readonly owner_id: string;
  readonly status: ProjectStatus;
  readonly process: ProcessName | null;
  readonly database: boolean;
  readonly users: boolean;
  readonly pool: boolean;
  readonly postgrest: boolean;
  readonly secrets: SealedSecrets;
  /** whose tokens are still good; the time is RFC 3339 */
  readonly previous_keys: { readonly secrets: SealedSecrets; readonly until: string } | null;
  readonly data_api: DataApiSettings;
  readonly template_version: number;
  readonly server: ServerName;
  readonly limits: ProjectLimits;
  readonly fill: FillRow | null;
  readonly revision: number;
}

/** What of each project shall stand in the outside world, and what it is made from. A purged one is absent. */
export const desiredDataApis = rowPerProject<DataApiRow>(
  {
    name: 'desired-data-apis',
    version: 3,
    schemaUrl: new URL('schema.sql', import.meta.url),
    indexesUrl: new URL('indexes.sql', import.meta.url),
  },
  { table: 'data_apis', key: 'project_id', evolve: evolveDataApiRow },
);

export function evolveDataApiRow(row: DataApiRow | undefined, event: StoredEvent): DataApiRow | undefined {
  const project = evolveProject(row && kept(row), event);
  if (!project || project.status === 'purged') return undefined;
  return {
    project_id: project.id,
    owner_id: project.ownerId,
    status: project.status,
    process: project.run?.process ?? null,
    ...project.resources,
    secrets: project.secrets,
    previous_keys: project.previousKeys && {
      secrets: project.previousKeys.secrets,
      until: project.previousKeys.until.toISOString(),
    },
    data_api: project.dataApi,
    template_version: project.templateVersion,
    server: project.server,
    limits: project.limits,
    fill: fillRow(project.fill),
    revision: project.revision,
  };
}

export const previousKeysOf = ({ previous_keys: keys }: DataApiRow) =>
  keys && { secrets: keys.secrets, until: new Date(keys.until) };

const kept = (row: DataApiRow) => ({
  id: row.project_id,
  ownerId: row.owner_id,
  status: row.status,
  process: row.process,
  resources: { database: row.database, users: row.users, pool: row.pool, postgrest: row.postgrest },
  secrets: row.secrets,
  previousKeys: previousKeysOf(row),
  dataApi: row.data_api,
  templateVersion: row.template_version,
  server: row.server,
  limits: row.limits,
  fill: fillOf(row.fill),
});
