/**
 * The upgrade of all projects that are behind to one version of the template: one rollout at a time, in a stream of
 * its own. How far it is stands in the projects' own streams; here stands what was wanted and how it ended.
 */
import type { Decider, Recorded } from '../decider.ts';
import type { StepTroubleEvent } from '../process/process-events.ts';
import { begin, failed, retried, type ProcessRun } from '../process/process-run.ts';
import type { ProjectId } from '../project/project-id.ts';
import { Rejection } from '../rejection.ts';

export const ROLLOUTS_STREAM = 'platform-upgrades';

interface Wanted {
  readonly version: number;
  /** goes first and alone */
  readonly canary: ProjectId;
  /** in the order in which they follow */
  readonly others: readonly ProjectId[];
}

interface Failure {
  readonly projectId: ProjectId;
  readonly reason: string;
}

export type RolloutEvent =
  | { readonly type: 'RolloutStarted'; readonly data: Wanted }
  /** nobody is asked any more; those before it, and those that were under way, keep what they have got */
  | { readonly type: 'RolloutStopped'; readonly data: Failure }
  | { readonly type: 'RolloutCompleted'; readonly data: Record<never, never> }
  /** by an operator: whoever was under way comes to an end, and nobody else is asked */
  | { readonly type: 'RolloutCancelled'; readonly data: Record<never, never> }
  | StepTroubleEvent;

export type RolloutProcess = 'upgrade-projects';

export interface Rollout extends Wanted {
  readonly kind: 'running' | 'stopped' | 'completed' | 'cancelled';
  /** the revision at which it started: its number */
  readonly number: number;
  /** of one that was stopped */
  readonly failure: Failure | null;
  /** null: it has ended */
  readonly run: ProcessRun<RolloutProcess> | null;
}

export type RolloutCommand =
  ({ readonly kind: 'StartRollout' } & Wanted) | { readonly kind: 'CancelRollout' };

export type Rollouts = Rollout | { readonly kind: 'none' };

export const rolloutDecider: Decider<Rollouts, RolloutCommand, RolloutEvent> = {
  initial: { kind: 'none' },
  decide(command, state) {
    if (command.kind === 'CancelRollout') {
      if (state.kind === 'running') return [{ type: 'RolloutCancelled', data: {} }];
      throw new Rejection('platform/no-rollout', 'No upgrade of all projects is under way.');
    }
    const { kind: _, ...data } = command;
    if (state.kind !== 'running') return [{ type: 'RolloutStarted', data }];
    if (state.version === command.version) return [];
    throw new Rejection(
      'platform/rollout-under-way',
      `The projects are being brought to version ${state.version}; wait until that has ended.`,
    );
  },
  evolve(state, event) {
    if (event.type === 'RolloutStarted')
      return {
        kind: 'running',
        ...event.data,
        number: event.revision,
        failure: null,
        run: begin('upgrade-projects', event),
      };
    return state.kind === 'none' ? state : evolveRollout(state, event);
  },
};

function evolveRollout(
  state: Rollout,
  event: Recorded<Exclude<RolloutEvent, { type: 'RolloutStarted' }>>,
): Rollout {
  switch (event.type) {
    case 'RolloutStopped':
      return { ...state, kind: 'stopped', failure: event.data, run: null };
    case 'RolloutCompleted':
      return { ...state, kind: 'completed', run: null };
    case 'RolloutCancelled':
      return { ...state, kind: 'cancelled', run: null };
    case 'StepFailed':
      return { ...state, run: state.run && failed(state.run, event, false) };
    case 'StepRetryRequested':
      return { ...state, run: state.run && retried(state.run, event) };
  }
}
