import type { Recorded } from '../domain/decider.ts';
import { MAIN_SERVER } from '../domain/project/server-name.ts';
import {
  DEFAULT_DATA_API_SETTINGS,
  PLATFORM_LIMITS,
  type ProcessName,
  type ProjectEvent,
} from '../domain/project/events.ts';
import { projectId } from '../domain/project/project-id.ts';
import { projectDecider } from '../domain/project/project-decider.ts';
import { NO_SIGNING_KEYS } from '../domain/project/signing-keys.ts';
import type { ExistingProject, Project, ProjectRun, ProjectStatus } from '../domain/project/project.ts';
import type { StoredEvent } from '../application/ports/event-store.ts';

/** What a row has to keep, so that the domain's own fold can go on from it; it may keep more. */
export interface KeptProject extends Partial<Omit<ExistingProject, 'kind' | 'run' | 'status'>> {
  readonly status: ProjectStatus;
  /** the process under way */
  readonly process: ProcessName | null;
}

const LONG_AGO = new Date(0);

const BLANK: ExistingProject = {
  kind: 'project',
  id: projectId('proj_0000000000000000'),
  ownerId: '',
  requestedAs: projectId('proj_0000000000000000'),
  name: '',
  displayName: '',
  status: 'provisioning',
  server: MAIN_SERVER,
  templateVersion: 0,
  upgrade: null,
  secrets: { keyVersion: 0, ciphertext: '' },
  keysIssuedAt: LONG_AGO,
  previousKeys: null,
  secretWaits: false,
  signingKeys: NO_SIGNING_KEYS,
  dataApi: DEFAULT_DATA_API_SETTINGS,
  limits: PLATFORM_LIMITS,
  fill: null,
  resources: { database: false, users: false, pool: false, postgrest: false },
  activated: false,
  run: null,
  drift: [],
  purgeAfter: null,
  revision: 0,
  createdAt: LONG_AGO,
  updatedAt: LONG_AGO,
};

/** One event further, see {@link foldProject}. */
export const evolveProject = (
  kept: KeptProject | undefined,
  event: StoredEvent,
): ExistingProject | undefined => foldProject(kept, [event]);

/**
 * Some events further, by the rules of the domain and no others. What was not kept has no meaning in the result.
 * @returns undefined as long as the project has not been requested
 */
export function foldProject(
  kept: KeptProject | undefined,
  events: readonly StoredEvent[],
): ExistingProject | undefined {
  let project: Project = kept ? { ...BLANK, ...kept, run: runOf(kept.process) } : projectDecider.initial;
  for (const { type, data, revision, recordedAt } of events)
    project = projectDecider.evolve(project, { type, data, revision, recordedAt } as Recorded<ProjectEvent>);
  return project.kind === 'project' ? project : undefined;
}

function runOf(process: ProcessName | null): ProjectRun | null {
  if (process === null) return null;
  return {
    process,
    number: -1,
    startedAt: LONG_AGO,
    stepSince: LONG_AGO,
    recorded: new Set(),
    undoing: null,
    trouble: null,
  };
}
