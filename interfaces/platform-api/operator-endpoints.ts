import type { OperatorEndpoint } from './operator-endpoint.ts';
import { operatorEventsEndpoints, type OperatorEventsDependencies } from './operator-events.ts';
import { operatorInviteEndpoints } from './operator-invites.ts';
import { operatorPlatformEndpoints, type OperatorPlatformDependencies } from './operator-platform.ts';
import { operatorProjectEndpoints } from './operator-projects.ts';
import { operatorRolloutEndpoints } from './operator-rollouts.ts';
import { operatorSessionEndpoints, type OperatorSessionRoutes } from './operator-session.ts';
import { operatorTokenEndpoints } from './operator-tokens.ts';
import { operatorWorkEndpoints, type OperatorWorkDependencies } from './operator-work.ts';

export type OperatorDependencies = OperatorPlatformDependencies &
  OperatorWorkDependencies &
  OperatorEventsDependencies &
  OperatorSessionRoutes;

/** `/api/operator`: what the operator's command line does, for programs and pages. */
export const operatorEndpoints = (dependencies: OperatorDependencies): OperatorEndpoint[] => [
  ...operatorSessionEndpoints(dependencies),
  ...operatorTokenEndpoints(dependencies.platform),
  ...operatorPlatformEndpoints(dependencies),
  ...operatorProjectEndpoints(dependencies),
  ...operatorRolloutEndpoints(dependencies.platform),
  ...operatorWorkEndpoints(dependencies),
  ...operatorEventsEndpoints(dependencies),
  ...operatorInviteEndpoints(dependencies.platform),
];
