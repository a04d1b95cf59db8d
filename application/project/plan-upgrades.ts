import type { ProjectId } from '../../domain/project/project-id.ts';
import { isInService } from '../../domain/project/project-status.ts';
import type { ProjectStatus } from '../../domain/project/project.ts';
import { Refused } from '../errors.ts';

/** A project whose database is older than the version that is wanted. */
export interface Behind {
  readonly id: ProjectId;
  readonly name: string;
  readonly status: ProjectStatus;
  readonly templateVersion: number;
}

export interface UpgradePlan {
  /** goes first and alone; undefined: there is nothing to upgrade now */
  readonly canary: ProjectId | undefined;
  readonly others: readonly ProjectId[];
  /** of each project in words, in the order in which they were given */
  readonly lines: readonly (Behind & { readonly will: string })[];
}

const LATER: Readonly<Partial<Record<ProjectStatus, string>>> = {
  provisioning: 'upgraded when it is active',
  resuming: 'upgraded when it is active',
  waking: 'upgraded when it is awake',
  pausing: 'later: when it is resumed',
  paused: 'later: when it is resumed',
  deleting: 'later: if its deletion is taken back',
  deleted: 'later: if its deletion is taken back',
  suspended: 'later: an operator has to look at it first',
  failed: 'never: there is nothing of it',
};

/**
 * @param behind oldest project first: it has seen the most, so it is the canary, if it is awake
 * @param wanted as canary
 * @throws {Refused} that one cannot be it
 */
export function planUpgrades(behind: readonly Behind[], wanted?: ProjectId): UpgradePlan {
  const now = behind.filter(({ status }) => isInService(status));
  if (wanted !== undefined && !now.some(({ id }) => id === wanted))
    throw new Refused(`${wanted} cannot be the canary: it is not in service, or is not behind`);
  const canary = wanted ?? (now.find(({ status }) => status === 'active') ?? now[0])?.id;
  const words = ({ id, status }: Behind) =>
    id === canary ? 'upgraded first and alone: the canary' : (LATER[status] ?? 'upgraded while it serves');
  return {
    canary,
    others: now.flatMap(({ id }) => (id === canary ? [] : [id])),
    lines: behind.map((project) => ({ ...project, will: words(project) })),
  };
}
