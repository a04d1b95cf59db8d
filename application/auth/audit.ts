/** What happened to a project's users, in its own `auth.audit_log_entries`, in the words that people's queries look for. */
import type { JsonObject, User } from '../../domain/auth/user.ts';
import type { AuditEntry, UserTransaction } from '../ports/user-directory.ts';

/** Each action, and the type that is written with it. */
const LOG_TYPES = {
  login: 'account',
  logout: 'account',
  invite_accepted: 'account',
  user_signedup: 'team',
  user_invited: 'team',
  user_deleted: 'team',
  token_revoked: 'token',
  token_refreshed: 'token',
  user_modified: 'user',
  user_recovery_requested: 'user',
  user_reauthenticate_requested: 'user',
  user_confirmation_requested: 'user',
  user_repeated_signup: 'user',
  user_updated_password: 'user',
  identity_unlinked: 'user',
  passkey_created: 'user',
  passkey_updated: 'user',
  passkey_deleted: 'user',
  factor_in_progress: 'factor',
  factor_unenrolled: 'factor',
  factor_deleted: 'factor',
  factor_updated: 'factor',
  challenge_created: 'factor',
  verification_attempted: 'factor',
  mfa_code_login: 'factor',
  recovery_codes_generated: 'factor',
  recovery_codes_regenerated: 'factor',
  recovery_codes_verified: 'factor',
  recovery_codes_deleted: 'factor',
} as const satisfies Readonly<Record<string, AuditEntry['logType']>>;

export type AuditAction = keyof typeof LOG_TYPES;

/** Whoever did it: a user, or the owner's program with the service key, which is no row. */
export type AuditActor = Pick<User, 'id' | 'email' | 'phone' | 'userMetadata'>;

export const SERVICE_KEY: AuditActor = {
  id: '00000000-0000-0000-0000-000000000000',
  email: 'service_role',
  phone: null,
  userMetadata: {},
};

/** Whom it happened to, when somebody else did it. */
export const affected = (user: AuditActor): JsonObject => ({
  user_id: user.id,
  user_email: user.email ?? '',
  user_phone: user.phone ?? '',
});

/**
 * Writes it in the transaction of what happened: neither is there without the other.
 * @param traits no secret: every reader of the schema `auth` sees them
 */
export async function audit(
  rows: Pick<UserTransaction, 'audit'>,
  action: AuditAction,
  actor: AuditActor,
  at: Date,
  { ip }: { readonly ip: string | null },
  traits?: JsonObject,
): Promise<void> {
  const name = actor.userMetadata['full_name'];
  const entry: AuditEntry = {
    action,
    actorId: actor.id,
    actorUsername: actor.phone || actor.email || '',
    ...(typeof name === 'string' && { actorName: name }),
    logType: LOG_TYPES[action],
    ...(traits && { traits }),
    ip,
  };
  await rows.audit(entry, at);
}
