/** The mails of a project, in its own database: what use cases left there is sent, once, and what became of it is kept. */
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { Mail } from './user-directory.ts';

/** A mail that whoever claimed it may send, for as long as the lease lasts. */
export interface ClaimedMail extends Mail {
  /** this one included: it tells one holder's try from the next one's */
  readonly tries: number;
}

/** With no mail: in how many milliseconds one is due; undefined: none waits. */
export type Claim =
  { readonly mail: ClaimedMail } | { readonly mail: undefined; readonly waitMs: number | undefined };

/** `unknown`: the server was given all of it, and has not answered. */
export type MailResult =
  | { readonly state: 'sent' | 'kept' }
  | { readonly state: 'unknown' | 'failed'; readonly error: string }
  | { readonly state: 'waiting'; readonly error: string; readonly afterMs: number };

export type MailState = 'waiting' | 'sending' | 'handed_over' | 'sent' | 'failed' | 'kept';

export interface StoredMail extends Mail {
  readonly state: MailState;
  readonly lastError: string | null;
}

/** Every method throws as `TenantConnections.with` does. */
export interface MailOutbox {
  /** The one that has waited longest. Nobody else gets it until the lease is over. */
  claim(project: ProjectId, leaseMs: number): Promise<Claim>;
  /** From now on it is never sent again. @returns false: it is another's by now, and must not be sent */
  handOver(project: ProjectId, mail: ClaimedMail): Promise<boolean>;
  /** Of a mail that is another's by now: nothing. What is sent, or may be, loses its content. */
  settle(project: ProjectId, mail: ClaimedMail, result: MailResult): Promise<void>;
  /** Takes away what nobody needs any more, and all but the newest of those that are kept. */
  tidy(project: ProjectId): Promise<void>;
  /** Those that still have their content, newest first. */
  list(project: ProjectId, limit: number): Promise<readonly StoredMail[]>;
}
