/**
 * Spare projects: made before anybody asks, so that whoever asks has theirs at once. Until it is claimed a spare belongs to
 * nobody; from the claim on it is a project like every other.
 */
import { Rejection } from '../rejection.ts';
import type { Recorded } from '../decider.ts';
import type { ProcessName, ProjectEvent } from './events.ts';
import type { ExistingProject, Project, SpareCommand } from './project.ts';

/** The owner of what has none. */
export const NOBODY = '';

export const isSpare = ({ ownerId }: Pick<ExistingProject, 'ownerId'>): boolean => ownerId === NOBODY;

/** Owners hear nothing of these. */
export const SPARE_PROCESSES: readonly ProcessName[] = ['prepare-spare', 'give-up-spare'];

type Claim = Extract<SpareCommand, { kind: 'ClaimSpare' }>;

/** Of one that is gone, claimed, or never was, neither command makes anything else. */
export function decideSpare(command: SpareCommand, state: Project): readonly ProjectEvent[] {
  if (state.kind !== 'project' || !isSpare(state)) return [];
  if (command.kind === 'ClaimSpare') {
    if (!isReadyFor(command, state)) return [];
    const { kind: _, ...data } = command;
    return [
      { type: 'SpareClaimed', data: { projectId: state.id, ...data } },
      { type: 'ProjectActivated', data: {} },
    ];
  }
  const { status, run } = state;
  // what is being undone ends by itself, and who is suspended waits for an operator
  if (run?.undoing || (status !== 'spare' && status !== 'provisioning')) return [];
  return [{ type: 'SpareGivenUp', data: { because: command.because } }];
}

/** What had to be made anew for this request, or repaired first, is not ready for it. */
const isReadyFor = (
  { templateVersion, server, dataApi }: Claim,
  { status, run, drift, ...spare }: ExistingProject,
): boolean =>
  status === 'spare' &&
  run === null &&
  drift.length === 0 &&
  spare.templateVersion === templateVersion &&
  spare.server === server &&
  JSON.stringify(spare.dataApi) === JSON.stringify(dataApi);

/** For whoever asks something of one that only projects of somebody's can do. @throws {Rejection} project/not-found */
export function requireOwned(project: ExistingProject): void {
  if (isSpare(project)) throw new Rejection('project/not-found', 'There is no such project.');
}

/** It begins for its owner here; of what was before they know nothing. */
export function claimed(
  spare: ExistingProject,
  { data, recordedAt }: Recorded<Extract<ProjectEvent, { type: 'SpareClaimed' }>>,
): ExistingProject {
  const { ownerId, name, displayName, requestedAs } = data;
  const begins = { status: 'provisioning', createdAt: recordedAt, keysIssuedAt: recordedAt } as const;
  return { ...spare, ...begins, ownerId, name, displayName, requestedAs };
}
