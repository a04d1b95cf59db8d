/** The users of projects in the schema `auth` of each project's own database, worked on as its login `auth`. */
import { Unavailable } from '../../application/errors.ts';
import { SqlFailed } from '../../application/ports/project-sql.ts';
import type { TenantConnection, TenantConnections } from '../../application/ports/tenant-connections.ts';
import type {
  AuditEntry,
  Mail,
  UserDirectory,
  UserTransaction,
} from '../../application/ports/user-directory.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { factorRows } from './factor-rows.ts';
import { flowRows } from './flow-rows.ts';
import { identityRows } from './identity-rows.ts';
import { oneTimeTokenRows } from './one-time-token-rows.ts';
import { passkeyRows } from './passkey-rows.ts';
import { sessionRows } from './session-rows.ts';
import { userRows } from './user-rows.ts';

const LOGIN = 'auth';
/** What an owner has hung on these tables may take so long, too. */
const WORK_MS = 10_000;
/** It was not the statement: the same once more may well do. */
const PASSES = /^(40|53|55P03|57)/;

export class PgUserDirectory implements UserDirectory {
  readonly #connections: TenantConnections;
  readonly #workMs: number;

  constructor(connections: TenantConnections, workMs = WORK_MS) {
    this.#connections = connections;
    this.#workMs = workMs;
  }

  async with<T>(
    project: ProjectId,
    work: (rows: UserTransaction) => Promise<T>,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<T> {
    const options = { timeMs: this.#workMs, ...(signal && { signal }) };
    try {
      return await this.#connections.with(project, LOGIN, (sql) => work(transactionOf(sql)), options);
    } catch (error) {
      if (!(error instanceof SqlFailed) || !PASSES.test(error.code)) throw error;
      throw new Unavailable(`work with the users of ${project}`, error);
    }
  }
}

export const transactionOf = (sql: TenantConnection): UserTransaction => ({
  users: userRows(sql),
  identities: identityRows(sql),
  sessions: sessionRows(sql),
  oneTimeTokens: oneTimeTokenRows(sql),
  factors: factorRows(sql),
  flows: flowRows(sql),
  passkeys: passkeyRows(sql),
  outbox: { add: (mail) => addMail(sql, mail) },
  audit: (entry, at) => note(sql, entry, at),
});

async function addMail(sql: TenantConnection, mail: Mail): Promise<void> {
  const { id, kind, to, subject, text, html, createdAt } = mail;
  await sql.query(
    `INSERT INTO auth.mail_outbox (id, kind, recipient, subject, body_text, body_html, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)`,
    [id, kind, to, subject, text, html, createdAt],
  );
}

async function note(sql: TenantConnection, entry: AuditEntry, at: Date): Promise<void> {
  const { action, actorId, actorUsername, actorName, logType, traits, ip } = entry;
  const payload = {
    action,
    actor_id: actorId,
    actor_username: actorUsername,
    ...(actorName !== undefined && { actor_name: actorName }),
    actor_via_sso: false,
    log_type: logType,
    ...(traits && { traits }),
  };
  await sql.query(
    `INSERT INTO auth.audit_log_entries (instance_id, id, payload, created_at, ip_address)
     VALUES ('00000000-0000-0000-0000-000000000000', gen_random_uuid(), $1, $2, $3)`,
    [JSON.stringify(payload), at, (ip ?? '').slice(0, 64)],
  );
}
