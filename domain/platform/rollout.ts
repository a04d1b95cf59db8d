/**
 * The upgrade of all projects that are behind to one version of the template: one rollout at a time, in a stream of
 * its own. How far it is stands in the projects' own streams; here stands what was wanted and how it ended.
 */
import type { Decider } from '../decider.ts';
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
  | { readonly type: 'RolloutCompleted'; readonly data: Record<never, never> };

export interface Rollout extends Wanted {
  readonly kind: 'running' | 'stopped' | 'completed';
  /** the revision at which it started: its number */
  readonly number: number;
  /** of one that was stopped */
  readonly failure: Failure | null;
}

/** `rollout`: its number, so that nobody ends another one than he believes to */
export type RolloutCommand =
  | ({ readonly kind: 'StartRollout' } & Wanted)
  | ({ readonly kind: 'StopRollout'; readonly rollout: number } & Failure)
  | { readonly kind: 'CompleteRollout'; readonly rollout: number };

export const rolloutDecider: Decider<Rollout | { readonly kind: 'none' }, RolloutCommand, RolloutEvent> = {
  initial: { kind: 'none' },
  decide(command, state) {
    if (command.kind === 'StartRollout') {
      const { kind: _, ...data } = command;
      if (state.kind !== 'running') return [{ type: 'RolloutStarted', data }];
      if (state.version === command.version) return [];
      throw new Rejection(
        'platform/rollout-under-way',
        `The projects are being brought to version ${state.version}; wait until that has ended.`,
      );
    }
    if (state.kind !== 'running' || state.number !== command.rollout) return [];
    if (command.kind === 'CompleteRollout') return [{ type: 'RolloutCompleted', data: {} }];
    const { projectId, reason } = command;
    return [{ type: 'RolloutStopped', data: { projectId, reason } }];
  },
  evolve(state, event) {
    if (event.type === 'RolloutStarted')
      return { kind: 'running', ...event.data, number: event.revision, failure: null };
    if (state.kind === 'none') return state;
    return event.type === 'RolloutStopped'
      ? { ...state, kind: 'stopped', failure: event.data }
      : { ...state, kind: 'completed' };
  },
};
