/** What the platform needs, by the names that `/ready` has for it. */
export const DEPENDENCIES = [
  'log',
  'postgres',
  'platform_postgres',
  'pooler',
  'rest_api',
  'platform_api',
  'auth',
  'storage',
  'gateway',
  'manager',
  'migrations',
  'docker',
  'password_checks',
] as const;
export type Dependency = (typeof DEPENDENCIES)[number];

/** A dependency is down, slow or in the way. Retried by processes (bounded, with back-off); HTTP 503. */
export class Unavailable extends Error {
  /** shown to whoever asked; undefined: nothing that has a name */
  readonly away: Dependency | undefined;

  /** `attempted` completes "could not ..."; it is shown to operators and stands in events: no secrets. */
  constructor(attempted: string, cause?: unknown, away?: Dependency) {
    super(`could not ${attempted}`, { cause });
    this.name = 'Unavailable';
    this.away = away;
  }
}

/** `attempted` completes "could not ...". */
export const unavailable = (away: Dependency, attempted: string, cause?: unknown): Unavailable =>
  new Unavailable(attempted, cause, away);

/** An owner has as many sessions of PostgreSQL's open as they may: there is room again when they close one. */
export class TooManySessions extends Unavailable {
  constructor(attempted: string, cause?: unknown) {
    super(attempted, cause, 'postgres');
    this.name = 'TooManySessions';
  }
}

/**
 * A dependency answered, and the answer will stay no: a foreign resource of the same name, a migration that
 * is wrong. Not retried: a process undoes what it did.
 */
export class Refused extends Error {
  constructor(reason: string, cause?: unknown) {
    super(reason, { cause });
    this.name = 'Refused';
  }
}

/** The text of an error for a log line or an event: the message of ours, the bare kind of anything else. */
export function reasonOf(error: unknown): string {
  if (error instanceof Unavailable || error instanceof Refused) return error.message.slice(0, 500);
  return error instanceof Error ? `unexpected ${error.name}` : 'unexpected error';
}
