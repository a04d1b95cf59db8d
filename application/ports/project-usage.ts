import type { ProjectId } from '../../domain/project/project-id.ts';

/** What somebody saw of a project. Figures of a moment add up, whoever saw them: several may, at the same time. */
export interface SeenUse {
  /** that were sent to its REST API since whoever tells this told it last */
  readonly requests?: number;
  /** that the pooler has open to its database */
  readonly connections?: number;
  readonly sizeBytes?: number;
  /** somebody uses it now; requests say so, too */
  readonly isUsed?: boolean;
}

export type Per = 'minute' | 'hour';

export interface Sample {
  /** when the minute or the hour begins */
  readonly at: Date;
  readonly requests: number;
  /** the most that were seen; null: nobody looked, or there were none */
  readonly connections: number | null;
  /** when it was seen last; null: it was not */
  readonly sizeBytes: number | null;
}

export interface Samples {
  /** oldest first; one of which nothing was seen is absent */
  readonly samples: readonly Sample[];
  /** as it was last seen before, within the days that are kept */
  readonly sizeBefore: number | null;
}

/** How projects are used, for charts: every minute of a day, every hour of 30 days. Times are whoever calls's. */
export interface ProjectUsage {
  /** @throws {Unavailable} nothing of it is kept: tell it again */
  record(seen: ReadonlyMap<ProjectId, SeenUse>, at: Date): Promise<void>;
  /** @throws {Unavailable} */
  samplesOf(project: ProjectId, per: Per, from: Date): Promise<Samples>;
  /** One that nobody has used is absent. @throws {Unavailable} */
  lastUses(projects: readonly ProjectId[]): Promise<ReadonlyMap<ProjectId, Date>>;
  /** Of which anything is kept. @throws {Unavailable} */
  projects(): Promise<readonly ProjectId[]>;
  /** Everything of them. @throws {Unavailable} */
  forget(projects: readonly ProjectId[]): Promise<void>;
  /** What is older than is kept. @throws {Unavailable} */
  prune(now: Date): Promise<void>;
}

const HOUR_MS = 3_600_000;
export const PER_MS: Readonly<Record<Per, number>> = { minute: 60_000, hour: HOUR_MS };
export const KEPT_MS: Readonly<Record<Per, number>> = { minute: 24 * HOUR_MS, hour: 30 * 24 * HOUR_MS };

export const beginOf = (per: Per, at: Date): Date =>
  new Date(Math.floor(at.getTime() / PER_MS[per]) * PER_MS[per]);
