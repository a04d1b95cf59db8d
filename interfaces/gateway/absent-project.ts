/** What a project's status says about requests that find no data API. */
import type { ProjectStatus } from '../../domain/project/project.ts';
import { PROBLEMS, type GatewayProblem } from './problem.ts';

/** The read model may not know yet that it fell asleep, or woke. */
export const isOnDemand = (status: ProjectStatus | 'unknown'): boolean =>
  status === 'active' || status === 'sleeping' || status === 'waking';

/** Why a project has no data API at the moment. */
export function absent(status: ProjectStatus | 'unknown'): GatewayProblem {
  switch (status) {
    case 'unknown':
    case 'deleting':
    case 'deleted':
    case 'purging':
    case 'purged':
      return PROBLEMS.noProject;
    case 'pausing':
    case 'paused':
      return PROBLEMS.projectPaused;
    case 'failed':
    case 'suspended':
      return PROBLEMS.projectDown;
    case 'provisioning':
    case 'resuming':
    case 'sleeping':
    case 'waking':
    // its data API is being started again
    case 'active':
      return PROBLEMS.projectStarting;
  }
}
