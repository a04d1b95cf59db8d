/** What a project may use, and what becomes of one whose database outgrows it. */
import type { ProjectEvent, ProjectLimits } from './events.ts';

export const DEFAULT_CONNECTIONS = 30;
export const DEFAULT_STATEMENT_TIMEOUT_S = 120;

/** What an operator may set, in the unit of each; `none`: 0 says that there is no limit. */
export const LIMIT_BOUNDS = {
  databaseSizeMb: { least: 1, most: 1024 ** 3, none: true },
  connections: { least: 1, most: 1_000, none: false },
  statementTimeoutS: { least: 1, most: 7_200, none: false },
  storageSizeMb: { least: 1, most: 1024 ** 3, none: true },
  files: { least: 1, most: 1_000_000_000, none: true },
} as const satisfies Record<keyof ProjectLimits, object>;

export const FILL_LEVELS = ['near-limit', 'read-only', 'cut-off'] as const;

/**
 * A database that is about to outgrow its limit, or has. `read-only`: of what is written only what makes it smaller is
 * let through, and what its owner insists on; `cut-off`: they insisted and it went on growing, so nothing is.
 */
export interface DatabaseFill {
  readonly level: (typeof FILL_LEVELS)[number];
  /** as it was when it came to this level */
  readonly bytes: number;
  readonly limitBytes: number;
  readonly since: Date;
}

export interface SeenSize {
  readonly bytes: number;
  /** a table is being rewritten (VACUUM FULL ...), and is there twice for a while */
  readonly rewriting: boolean;
}

const MB = 1024 * 1024;
/** of the limit: where a warning begins, and by how much one has to get below a mark to have left it */
const NEAR = 0.8;
const SLACK = 0.05;
/** how much a database that is read only may grow before its owner is cut off: a part of the limit, and at least */
const OVERRUN = 0.2;
const LEAST_OVERRUN_BYTES = 100 * MB;

/** null: none */
export function sizeLimitOf(limits: ProjectLimits, platformMb: number): number | null {
  const megabytes = limits.databaseSizeMb ?? platformMb;
  return megabytes === 0 ? null : megabytes * MB;
}

type Level = DatabaseFill['level'] | 'within-limit';

function levelAfter(
  level: Level,
  fill: DatabaseFill | null,
  { bytes, rewriting }: SeenSize,
  limit: number,
): Level {
  // a cure must not look like growth
  const least = rewriting ? bytes / 2 : bytes;
  const overrun = Math.max(OVERRUN * limit, LEAST_OVERRUN_BYTES);
  switch (level) {
    case 'within-limit':
      return least >= limit ? 'read-only' : least >= NEAR * limit ? 'near-limit' : level;
    case 'near-limit':
      return least >= limit ? 'read-only' : bytes < (NEAR - SLACK) * limit ? 'within-limit' : level;
    case 'read-only':
      if (bytes < (1 - SLACK) * limit) return 'near-limit';
      // a burst between two looks is nobody's defiance: what counts is what came after
      return least >= Math.max(limit, fill?.bytes ?? 0) + overrun ? 'cut-off' : level;
    case 'cut-off':
      if (bytes < (1 - SLACK) * limit) return 'near-limit';
      return bytes < limit + overrun / 2 ? 'read-only' : level;
  }
}

/** What follows from a look at a database's size. Most looks see nothing new. */
export function decideFill(
  fill: DatabaseFill | null,
  seen: SeenSize,
  limitBytes: number | null,
): readonly ProjectEvent[] {
  const level = fill?.level ?? 'within-limit';
  const data = { bytes: seen.bytes, limitBytes };
  if (limitBytes === null) {
    if (level === 'within-limit') return [];
    const relaxed: ProjectEvent = { type: 'DatabaseSizeRelaxed', data };
    return level === 'near-limit' ? [relaxed] : [{ type: 'DatabaseSizeBackWithinLimit', data }, relaxed];
  }
  const next = levelAfter(level, fill, seen, limitBytes);
  if (next === level) return [];
  const exact = { bytes: seen.bytes, limitBytes };
  switch (next) {
    case 'within-limit':
      return [{ type: 'DatabaseSizeRelaxed', data }];
    case 'near-limit':
      if (level === 'within-limit') return [{ type: 'DatabaseSizeWarned', data: exact }];
      return [
        { type: 'DatabaseSizeBackWithinLimit', data },
        ...(levelAfter(next, null, seen, limitBytes) === 'within-limit'
          ? [{ type: 'DatabaseSizeRelaxed', data } as const]
          : []),
      ];
    case 'read-only':
      return [{ type: 'DatabaseSizeExceeded', data: exact }];
    case 'cut-off':
      return [{ type: 'DatabaseSizeOverrun', data: exact }];
  }
}

/** What a project's logins and its REST API have to be like. */
export interface Bounds {
  /** of the owner's login; 0: none is let in */
  readonly connections: number;
  readonly statementTimeoutS: number;
  /** the owner's transactions are read only unless they say otherwise */
  readonly readOnly: boolean;
  /** what the REST API lets through: also what makes the database smaller, or reads alone */
  readonly restWrites: 'all' | 'deletions' | 'none';
}

export function boundsOf({
  limits,
  fill,
}: {
  readonly limits: ProjectLimits;
  readonly fill: DatabaseFill | null;
}): Bounds {
  const cutOff = fill?.level === 'cut-off';
  const readOnly = cutOff || fill?.level === 'read-only';
  return {
    connections: cutOff ? 0 : (limits.connections ?? DEFAULT_CONNECTIONS),
    statementTimeoutS: limits.statementTimeoutS ?? DEFAULT_STATEMENT_TIMEOUT_S,
    readOnly,
    restWrites: cutOff ? 'none' : readOnly ? 'deletions' : 'all',
  };
}
