import type { EventMetadata } from '../ports/event-store.ts';
import type { Clock } from '../ports/clock.ts';
import { issueInvite, type InviteDependencies } from '../owner/invites.ts';

export interface ListedInvite {
  readonly issuedAt: Date;
  readonly expiresAt: Date;
  /** for one e-mail address alone, which only its hash tells */
  readonly forAddress: boolean;
  /** the account that came of it; null: not used yet */
  readonly usedBy: string | null;
}

export interface OperatorInviteDependencies extends InviteDependencies {
  readonly clock: Pick<Clock, 'now'>;
  /** newest first, a bounded number */
  readonly invites: () => Promise<readonly ListedInvite[]>;
}

export const DAY_MS = 24 * 3_600_000;
export const MOST_INVITE_DAYS = 365;

/**
 * An invite for one account.
 * @param email normalised; undefined: for whoever has it
 * @returns the code: it is known at this moment only
 */
export async function makeInvite(
  dependencies: OperatorInviteDependencies,
  { email, expiresInMs }: { readonly email: string | undefined; readonly expiresInMs: number },
  metadata: EventMetadata,
): Promise<{ readonly code: string; readonly expiresAt: Date }> {
  const expiresAt = new Date(dependencies.clock.now().getTime() + expiresInMs);
  return { code: await issueInvite(dependencies, { email, expiresAt }, metadata), expiresAt };
}
