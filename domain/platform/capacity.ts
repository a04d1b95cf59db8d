/**
 * How many projects may be in service: (projects x connections of each) + the platform's own must stay within what
 * PostgreSQL gives to others than superusers.
 */
import { Rejection } from '../rejection.ts';

export interface Connections {
  /** PostgreSQL's `max_connections` */
  readonly max: number;
  /** of them, for superusers and the like */
  readonly reserved: number;
  /** what a project in service may hold at most */
  readonly perProject: number;
}

export interface Capacity extends Connections {
  /** projects in service, or on their way there or out of it */
  readonly used: number;
}

/** For what the platform does itself: administration by superusers, and owners' SQL; on one server for all also its log. */
const PLATFORM_SESSIONS = 65;
/** of them, where PostgreSQL keeps few for superusers */
const MOST_UNRESERVED = 55;

/** Those of them that PostgreSQL's own reserve does not cover. */
const platformConnections = (reserved: number): number =>
  Math.min(MOST_UNRESERVED, Math.max(0, PLATFORM_SESSIONS - reserved));

/** How many sessions all projects may have together. */
export const roomForProjects = ({ max, reserved }: Pick<Connections, 'max' | 'reserved'>): number =>
  max - reserved - platformConnections(reserved);

export const projectLimit = (connections: Connections): number =>
  Math.max(0, Math.floor(roomForProjects(connections) / connections.perProject));

/** @throws {Rejection} platform/capacity-reached: with the numbers, and what can be done */
export function requireRoom(capacity: Capacity): void {
  const limit = projectLimit(capacity);
  if (capacity.used < limit) return;
  throw new Rejection(
    'platform/capacity-reached',
    `${capacity.used} of ${limit} projects are in service. Pause or delete one, or have the operator raise ` +
      "PostgreSQL's max_connections.",
    {
      used: capacity.used,
      limit,
      max_connections: capacity.max,
      reserved_connections: capacity.reserved,
      platform_connections: platformConnections(capacity.reserved),
      connections_per_project: capacity.perProject,
    },
  );
}

const LEAST_PER_OWNER = 10;

/**
 * How many projects one owner may have, whatever state they are in: each has a database until it is purged.
 * @param configured undefined: half of the places, so that nobody takes all of them; 0: as many as there is room for
 */
export function projectsPerOwner(limit: number, configured: number | undefined): number {
  if (configured === 0) return Infinity;
  return configured ?? Math.max(LEAST_PER_OWNER, Math.floor(limit / 2));
}

export const tooManyProjects = (owned: number, most: number): Rejection =>
  new Rejection(
    'owner/too-many-projects',
    `You have ${owned} of the ${most} projects that an owner may have here, paused and deleted ones included. ` +
      'Purge one, or ask the operator for more (MAX_PROJECTS_PER_OWNER).',
    { projects: owned, limit: most },
  );
