import type { DataApiSettings, ProcessName, ProjectLimits } from '../../domain/project/events.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { keysUntil, NO_SIGNING_KEYS, type SigningKeys } from '../../domain/project/signing-keys.ts';
import type { ProjectStatus } from '../../domain/project/project.ts';
import type { StoredEvent } from '../../application/ports/event-store.ts';
import { foldProject, type KeptProject } from '../project-fold.ts';
import { fillOf, fillRow, type FillRow } from '../fill-row.ts';
import { factsOf, rowOf, type RowOf } from '../facts.ts';
import { rowPerProject } from '../row-per-project.ts';

interface Facts {
  readonly id: ProjectId;
  readonly ownerId: string;
  readonly name: string;
  readonly displayName: string;
  readonly status: ProjectStatus;
  readonly process: ProcessName | null;
  readonly postgrest: boolean;
  readonly templateVersion: number;
  readonly dataApi: DataApiSettings;
  readonly limits: ProjectLimits;
  readonly fill: FillRow | null;
  readonly purgeAfter: Date | null;
  /** until when the keys before the current ones are good */
  readonly previousKeysUntil: Date | null;
  /** of each key of users' tokens, by its id, until when it is good; null: not replaced yet */
  readonly signingKeys: Readonly<Record<string, string | null>>;
  /** the first of them */
  readonly signingKeysUntil: Date | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly revision: number;
  /** of the last event that this shows */
  readonly position: bigint | string;
}

export type ProjectRow = RowOf<Facts>;

/** All projects of all owners, as lists and details show them; purged ones keep their row. */
export const projectList = rowPerProject<ProjectRow>(
  {
    name: 'project-list',
    version: 4,
    schemaUrl: new URL('schema.sql', import.meta.url),
    indexesUrl: new URL('indexes.sql', import.meta.url),
  },
  { table: 'projects', key: 'id', fold: foldProjectRow },
);

export function foldProjectRow(
  row: ProjectRow | undefined,
  events: readonly StoredEvent[],
): ProjectRow | undefined {
  const project = foldProject(row && kept(row), events);
  const last = events.at(-1);
  if (!project || !last) return undefined;
  const { id, ownerId, name, displayName, status, run, resources, previousKeys, fill } = project;
  const { signingKeys, templateVersion, dataApi, limits, purgeAfter, createdAt, updatedAt, revision } =
    project;
  return rowOf({
    id,
    ownerId,
    name,
    displayName,
    status,
    process: run?.process ?? null,
    postgrest: resources.postgrest,
    templateVersion,
    dataApi,
    limits,
    fill: fillRow(fill),
    purgeAfter,
    previousKeysUntil: previousKeys?.until ?? null,
    signingKeys: Object.fromEntries(signingKeys.held.map(({ publicKey, until }) => [publicKey.kid, until])),
    signingKeysUntil: keysUntil(signingKeys),
    createdAt,
    updatedAt,
    revision,
    position: last.position,
  });
}

/** not kept, and of no meaning for a list */
const NO_SECRETS = { keyVersion: 0, ciphertext: '' };

function kept(row: ProjectRow): KeptProject {
  const {
    previousKeysUntil: until,
    signingKeysUntil: _,
    signingKeys,
    postgrest,
    fill,
    ...facts
  } = factsOf(row);
  return {
    ...facts,
    fill: fillOf(fill),
    resources: { database: false, users: false, pool: false, postgrest },
    previousKeys: until && { secrets: NO_SECRETS, until },
    signingKeys: heldUntil(signingKeys),
  };
}

const heldUntil = (untils: ProjectRow['signing_keys']): SigningKeys => ({
  ...NO_SIGNING_KEYS,
  held: Object.entries(untils).map(([kid, until]) => ({
    publicKey: { kid, use: 'sig', alg: 'ES256', kty: 'EC', crv: 'P-256', x: '', y: '' },
    sealed: NO_SECRETS,
    madeAt: '',
    until,
  })),
});
