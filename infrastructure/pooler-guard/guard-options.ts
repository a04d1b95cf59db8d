/** What a guard is told, in a form that can be handed to a thread. */
import type { SlotLimits } from './log-in-slots.ts';
import type { SessionLimits } from './session-bounds.ts';
import type { CertificateFiles } from './tls-identity.ts';

export interface GuardAddress {
  readonly host: string;
  readonly port: number;
  /** the variable that sets it, for the error when it is taken; default PGBOUNCER_PORT */
  readonly variable?: string;
  /** such as `172.18.0.0/16`: whoever comes from elsewhere is not heard */
  readonly only?: string;
}

/** Where PgBouncer is. */
export type PoolerAddress = { readonly path: string } | { readonly host: string; readonly port: number };

export interface GuardOptions {
  readonly addresses: readonly GuardAddress[];
  readonly pooler: PoolerAddress;
  /** with them TLS is required, without them it is not spoken */
  readonly certificate?: CertificateFiles;
  readonly limits?: Partial<GuardLimits>;
}

export interface GuardLimits extends SlotLimits, SessionLimits {
  /** for what a client has to say before it is logged in, without the waits that are ours */
  readonly logInWithinMs: number;
  /** for the pooler to let in who has said all of it: it answers when PostgreSQL has a session, or after 30 s */
  readonly letInWithinMs: number;
  /** how long one waits for a pooler that is just starting */
  readonly poolerWithinMs: number;
  /** after a stop was asked for, for what is under way */
  readonly drainWithinMs: number;
}

/**
 * PgBouncer takes 5,000 clients, ours that do not come by the guard among them (and more where there are many projects); with
 * the log-ins under way there stay 1,500 places that no tenant gets at.
 */
export const GUARD_LIMITS: GuardLimits = {
  slots: 500,
  slotsPerAddress: 200,
  sessions: 3_000,
  sessionsPerLogin: 500,
  logInWithinMs: 10_000,
  letInWithinMs: 60_000,
  poolerWithinMs: 3_000,
  drainWithinMs: 3_000,
};

/** How a connection that did not become a session came to its end. */
export const OUTCOMES = [
  'session',
  'cancel-request',
  'left',
  'refused',
  'wrong-password',
  'violation',
  'too-slow',
  'made-room',
  'no-room',
  'pooler-away',
] as const;
export type Outcome = (typeof OUTCOMES)[number];
