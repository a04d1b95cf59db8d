/**
 * What each status means for whoever asks: the one place where that is said. Whoever wants to know whether a project
 * is served, takes a place, may be changed ... asks here and keeps no list of their own.
 */
import { Rejection } from '../rejection.ts';
import type { ProjectStatus } from './project.ts';

export interface StatusTraits {
  /** its database is awake, and its REST API answers or is started by the next request */
  readonly served: boolean;
  /** on its way into service: its pool entry and its REST API may be made */
  readonly comesUp: boolean;
  /** in service, and nothing that takes it out is under way: it may be changed, measured, upgraded */
  readonly changeable: boolean;
  /** holds connections of PostgreSQL's, or may: what is on its way out may until it is there */
  readonly takesPlace: boolean;
  /** something of it stands, or is kept to come back */
  readonly kept: boolean;
  /** its deletion was asked for */
  readonly leaving: boolean;
  /** it never comes back, and its data is lost, or about to be */
  readonly lost: boolean;
  /** what a request is told that finds no REST API */
  readonly toRequests: 'starting' | 'paused' | 'down' | 'gone';
}

const NO = {
  served: false,
  comesUp: false,
  changeable: false,
  takesPlace: false,
  kept: true,
  leaving: false,
  lost: false,
} as const;
const STARTING = { ...NO, takesPlace: true, toRequests: 'starting' } as const;
const PAUSED = { ...NO, toRequests: 'paused' } as const;
const GONE = { ...NO, leaving: true, toRequests: 'gone' } as const;

const TRAITS = {
  provisioning: { ...STARTING, comesUp: true },
  // it is there for nobody until it is claimed
  spare: { ...NO, takesPlace: true, toRequests: 'gone' },
  active: { ...STARTING, served: true, changeable: true },
  pausing: { ...PAUSED, takesPlace: true },
  paused: PAUSED,
  resuming: { ...STARTING, comesUp: true },
  sleeping: { ...STARTING, served: true, changeable: true },
  waking: { ...STARTING, served: true, comesUp: true },
  // what was made of it is undone
  failed: { ...NO, kept: false, toRequests: 'down' },
  suspended: { ...NO, takesPlace: true, toRequests: 'down' },
  deleting: { ...GONE, takesPlace: true },
  deleted: GONE,
  purging: { ...GONE, takesPlace: true, lost: true },
  purged: { ...GONE, kept: false, lost: true },
} as const satisfies Readonly<Record<ProjectStatus, StatusTraits>>;

export const PROJECT_STATUSES = Object.keys(TRAITS) as [ProjectStatus, ...ProjectStatus[]];

export const traitsOf = (status: ProjectStatus): StatusTraits => TRAITS[status];

type Trait = { [T in keyof StatusTraits]: StatusTraits[T] extends boolean ? T : never }[keyof StatusTraits];

/** For questions to a database. */
export const statusesThat = (are: Trait): readonly ProjectStatus[] =>
  PROJECT_STATUSES.filter((status) => traitsOf(status)[are]);

/** Served, or soon: a new version of the template is its business now, and not only when it comes back. */
export const isInService = (status: ProjectStatus): boolean =>
  traitsOf(status).served || traitsOf(status).comesUp;

/** For what is done in its database: a sleeping project's is awake. @throws {Rejection} project/not-active */
export function requireServed({ status }: { readonly status: ProjectStatus }): void {
  if (traitsOf(status).served) return;
  throw new Rejection('project/not-active', `The project is ${status}; it has to be active for this.`);
}
