import type { LimitDependencies } from './project-limits.ts';
import type { OperatorInviteDependencies } from './operator-invites.ts';
import type { OperatorTokenDependencies } from './operator-tokens.ts';
import type { PlatformStateDependencies } from './platform-state.ts';
import type { RolloutDependencies } from './rollouts.ts';
import type { UpgradeProjectDependencies } from '../project/upgrade-project.ts';
import type { Clock } from '../ports/clock.ts';
import type { KnownOperators } from './known-operators.ts';

/** A running platform as its operator sees it, by the command line and by the API alike. */
export interface OperatedPlatform
  extends
    LimitDependencies,
    RolloutDependencies,
    PlatformStateDependencies,
    OperatorInviteDependencies,
    OperatorTokenDependencies,
    UpgradeProjectDependencies {
  readonly clock: Clock;
  readonly operators: KnownOperators;
}
