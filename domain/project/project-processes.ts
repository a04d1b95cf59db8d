/**
 * The processes of a project, but for their steps: what begins each of them, which status the project has meanwhile, and
 * what happens when it gives up. The fold, the worker and the upgrades all read it here.
 */
import type { ProcessRules } from '../process/process-rules.ts';
import type { ProcessName, ProjectEvent, RequestEvent } from './events.ts';
import type { ExistingProject, ProjectStatus } from './project.ts';

export interface ProjectProcessRules extends ProcessRules<ExistingProject, ProjectEvent> {
  readonly startedBy: readonly RequestEvent['type'][];
  readonly during: ProjectStatus;
  /** it does not care whether the project sleeps */
  readonly letsSleep?: true;
}

const SUSPEND = { kind: 'suspend' } as const;

const PROJECT_PROCESSES = {
  provision: {
    startedBy: ['ProjectRequested'],
    during: 'provisioning',
    givesUp: { kind: 'undo', outcome: (_project, data) => ({ type: 'ProvisioningFailed', data }) },
  },
  'prepare-spare': {
    startedBy: ['SpareRequested'],
    during: 'provisioning',
    yields: true,
    givesUp: { kind: 'undo', outcome: (_project, data) => ({ type: 'SpareLost', data }) },
  },
  'give-up-spare': { startedBy: ['SpareGivenUp'], during: 'purging', givesUp: SUSPEND },
  pause: { startedBy: ['ProjectPauseRequested'], during: 'pausing', givesUp: SUSPEND },
  resume: { startedBy: ['ProjectResumeRequested'], during: 'resuming', givesUp: SUSPEND },
  sleep: { startedBy: ['ProjectSleepRequested'], during: 'sleeping', givesUp: SUSPEND },
  wake: { startedBy: ['ProjectWakeRequested'], during: 'waking', givesUp: SUSPEND },
  delete: { startedBy: ['ProjectDeletionRequested'], during: 'deleting', givesUp: SUSPEND },
  undelete: { startedBy: ['ProjectUndeleteRequested'], during: 'resuming', givesUp: SUSPEND },
  purge: { startedBy: ['ProjectPurgeRequested'], during: 'purging', givesUp: SUSPEND },
  'apply-settings': {
    startedBy: [
      'DataApiSettingsChanged',
      'JwtSecretRotated',
      'PreviousJwtSecretRetired',
      'SigningKeyChanged',
      'SigningKeysRetired',
    ],
    during: 'active',
    // its pool entry takes up another route also while it does
    letsSleep: true,
    givesUp: SUSPEND,
  },
  'change-password': {
    startedBy: ['DatabasePasswordRotated'],
    during: 'active',
    letsSleep: true,
    givesUp: SUSPEND,
  },
  'apply-limits': {
    startedBy: [
      'ProjectLimitsChanged',
      'DatabaseSizeExceeded',
      'DatabaseSizeOverrun',
      'DatabaseSizeBackWithinLimit',
    ],
    during: 'active',
    letsSleep: true,
    givesUp: SUSPEND,
  },
  upgrade: {
    startedBy: ['ProjectUpgradeRequested'],
    during: 'active',
    letsSleep: true,
    // the project serves on at the version that it has
    givesUp: {
      kind: 'end',
      outcome: ({ upgrade, templateVersion }, { step, reason }) => ({
        type: 'ProjectUpgradeFailed',
        data: { version: upgrade?.to ?? templateVersion, step, reason },
      }),
    },
  },
} as const satisfies Readonly<Record<ProcessName, ProjectProcessRules>>;

/** The same without what is particular about each. */
export const rulesOf = (process: ProcessName): ProjectProcessRules => PROJECT_PROCESSES[process];

type StartedBy = (typeof PROJECT_PROCESSES)[ProcessName]['startedBy'][number];

const STARTS = new Map<string, ProcessName>(
  (Object.keys(PROJECT_PROCESSES) as ProcessName[]).flatMap((name) =>
    PROJECT_PROCESSES[name].startedBy.map((type) => [type, name] as const),
  ),
);

/** @param type does not compile for a request that no process names */
export function processStartedBy(type: StartedBy): ProcessName {
  const process = STARTS.get(type);
  if (!process) throw new Error(`${type} starts no process`);
  return process;
}
