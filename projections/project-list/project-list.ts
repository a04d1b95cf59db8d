import type { DataApiSettings, ProcessName, ProjectLimits } from '../../domain/project/events.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { ProjectStatus } from '../../domain/project/project.ts';
import type { StoredEvent } from '../../application/ports/event-store.ts';
import { evolveProject } from '../project-fold.ts';
import { fillOf, fillRow, type FillRow } from '../fill-row.ts';
import { rowPerProject } from '../row-per-project.ts';

export interface ProjectRow {
  readonly id: ProjectId;
  readonly owner_id: string;
  readonly name: string;
  readonly display_name: string;
  readonly status: ProjectStatus;
  readonly process: ProcessName | null;
  readonly postgrest: boolean;
  readonly template_version: number;
  readonly data_api: DataApiSettings;
  readonly limits: ProjectLimits;
  readonly fill: FillRow | null;
  readonly purge_after: Date | null;
  /** until when the keys before the current ones are good */
  readonly previous_keys_until: Date | null;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly revision: number;
  readonly position: bigint | string;
}

/** All projects of all owners, as lists and details show them; purged ones keep their row. */
export const projectList = rowPerProject<ProjectRow>(
  {
    name: 'project-list',
    version: 3,
    schemaUrl: new URL('schema.sql', import.meta.url),
    indexesUrl: new URL('indexes.sql', import.meta.url),
  },
  { table: 'projects', key: 'id', evolve: evolveProjectRow },
);

export function evolveProjectRow(row: ProjectRow | undefined, event: StoredEvent): ProjectRow | undefined {
  const project = evolveProject(row && kept(row), event);
  return (
    project && {
      id: project.id,
      owner_id: project.ownerId,
      name: project.name,
      display_name: project.displayName,
      status: project.status,
      process: project.run?.process ?? null,
      postgrest: project.resources.postgrest,
      template_version: project.templateVersion,
      data_api: project.dataApi,
      limits: project.limits,
      fill: fillRow(project.fill),
      purge_after: project.purgeAfter,
      previous_keys_until: project.previousKeys?.until ?? null,
      created_at: project.createdAt,
      updated_at: project.updatedAt,
      revision: project.revision,
      position: event.position,
    }
  );
}

/** not kept, and of no meaning for a list */
const NO_SECRETS = { keyVersion: 0, ciphertext: '' };

const kept = (row: ProjectRow) => ({
  id: row.id,
  ownerId: row.owner_id,
  name: row.name,
  displayName: row.display_name,
  status: row.status,
  process: row.process,
  resources: { database: false, users: false, pool: false, postgrest: row.postgrest },
  templateVersion: row.template_version,
  dataApi: row.data_api,
  limits: row.limits,
  fill: fillOf(row.fill),
  purgeAfter: row.purge_after,
  previousKeys: row.previous_keys_until && { secrets: NO_SECRETS, until: row.previous_keys_until },
  createdAt: row.created_at,
});
