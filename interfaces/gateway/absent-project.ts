/** What a project's status says about requests that find no data API. */
import { traitsOf } from '../../domain/project/project-status.ts';
import type { ProjectStatus } from '../../domain/project/project.ts';
import { PROBLEMS, type GatewayProblem } from './problem.ts';

/** The read model may not know yet that it fell asleep, or woke. */
export const isOnDemand = (status: ProjectStatus | 'unknown'): boolean =>
  status !== 'unknown' && traitsOf(status).served;

/** Why a project has no data API at the moment. */
export const absent = (status: ProjectStatus | 'unknown'): GatewayProblem =>
  ABSENT[status === 'unknown' ? 'gone' : traitsOf(status).toRequests];

const ABSENT = {
  // also an active one's, whose data API is being started again
  starting: PROBLEMS.projectStarting,
  paused: PROBLEMS.projectPaused,
  down: PROBLEMS.projectDown,
  gone: PROBLEMS.noProject,
} as const;
