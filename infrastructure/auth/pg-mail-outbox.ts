/** Mails in `auth.mail_outbox` of each project's own database. The time is PostgreSQL's: several processes share it. */
import type {
  Claim,
  ClaimedMail,
  MailOutbox,
  MailResult,
  MailState,
  StoredMail,
} from '../../application/ports/mail-outbox.ts';
import type { TenantConnections } from '../../application/ports/tenant-connections.ts';
import type { MailKind } from '../../domain/auth/auth-settings.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';

const LOGIN = 'auth';
const WORK_MS = 10_000;
const MOST_KEPT = 100;
const COLUMNS = `id, kind, recipient AS "to", subject, body_text AS text, body_html AS html,
  created_at AS "createdAt", tries, state, last_error AS "lastError"`;
const NO_CONTENT = `subject = '', body_text = '', body_html = ''`;

interface Row {
  readonly id: string;
  readonly kind: MailKind;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly createdAt: Date;
  readonly tries: number;
  readonly state: MailState;
  readonly lastError: string | null;
}

export class PgMailOutbox implements MailOutbox {
  readonly #connections: TenantConnections;

  constructor(connections: TenantConnections) {
    this.#connections = connections;
  }

  async claim(project: ProjectId, leaseMs: number): Promise<Claim> {
    const [mail] = await this.#ask<Row>(
      project,
      `UPDATE auth.mail_outbox SET state = 'sending', tries = tries + 1, try_at = now() + $1 * interval '1 ms'
       WHERE id = (SELECT id FROM auth.mail_outbox WHERE state IN ('waiting', 'sending') AND try_at <= now()
                   ORDER BY created_at, id LIMIT 1 FOR UPDATE SKIP LOCKED)
       RETURNING ${COLUMNS}`,
      [leaseMs],
    );
    if (mail) return { mail };
    const [next] = await this.#ask<{ waitMs: number | null }>(
      project,
      `SELECT (extract(epoch FROM min(try_at) - now()) * 1000)::float8 AS "waitMs"
       FROM auth.mail_outbox WHERE state IN ('waiting', 'sending')`,
    );
    return { mail: undefined, waitMs: next?.waitMs ?? undefined };
  }

  async handOver(project: ProjectId, { id, tries }: ClaimedMail): Promise<boolean> {
    const rows = await this.#ask(
      project,
      `UPDATE auth.mail_outbox SET state = 'handed_over' WHERE id = $1 AND tries = $2 AND state = 'sending'
       RETURNING id`,
      [id, tries],
    );
    return rows.length > 0;
  }

  async settle(project: ProjectId, { id, tries }: ClaimedMail, result: MailResult): Promise<void> {
    const { state } = result;
    const isOver = state === 'sent' || state === 'unknown';
    await this.#ask(
      project,
      `UPDATE auth.mail_outbox SET state = $3, last_error = $4, try_at = now() + $5 * interval '1 ms',
         done_at = CASE WHEN $3 <> 'waiting' THEN now() END ${isOver ? `, ${NO_CONTENT}` : ''}
       WHERE id = $1 AND tries = $2 AND state IN ('sending', 'handed_over')`,
      [
        id,
        tries,
        state === 'unknown' ? 'handed_over' : state,
        'error' in result ? result.error : null,
        state === 'waiting' ? result.afterMs : 0,
      ],
    );
  }

  async tidy(project: ProjectId): Promise<void> {
    // whoever was to say what became of it has died
    await this.#ask(
      project,
      `UPDATE auth.mail_outbox SET done_at = now(), last_error = 'the server''s answer was not heard', ${NO_CONTENT}
       WHERE state = 'handed_over' AND done_at IS NULL AND try_at < now() - interval '1 hour'`,
    );
    await this.#ask(
      project,
      `DELETE FROM auth.mail_outbox WHERE done_at < now() - interval '7 days' OR (state = 'kept' AND id NOT IN
         (SELECT id FROM auth.mail_outbox WHERE state = 'kept' ORDER BY created_at DESC, id LIMIT $1))`,
      [MOST_KEPT],
    );
  }

  async list(project: ProjectId, limit: number): Promise<readonly StoredMail[]> {
    return this.#ask<Row>(
      project,
      `SELECT ${COLUMNS} FROM auth.mail_outbox WHERE body_text <> '' ORDER BY created_at DESC, id LIMIT $1`,
      [limit],
    );
  }

  #ask<R extends object>(
    project: ProjectId,
    text: string,
    values: readonly unknown[] = [],
  ): Promise<readonly R[]> {
    const ask = async (sql: Parameters<Parameters<TenantConnections['with']>[2]>[0]) =>
      (await sql.query<R>(text, values)).rows;
    return this.#connections.with(project, LOGIN, ask, { timeMs: WORK_MS });
  }
}
