import { SqlFailed } from '../../application/ports/project-sql.ts';
import type { TenantConnection } from '../../application/ports/tenant-connections.ts';
import type { Lock, UserRows } from '../../application/ports/user-directory.ts';
import type { User } from '../../domain/auth/user.ts';
import {
  change,
  insertion,
  insertions,
  json,
  plain,
  selected,
  type Columns,
  type Stored,
} from './columns.ts';
import { isUuid } from '../../domain/auth/uuid.ts';
import { nonEmpty, object, text, time, timeOr } from './stored-values.ts';

const COLUMNS: Columns<User> = {
  id: plain('id'),
  aud: plain('aud'),
  role: plain('role'),
  email: plain('email'),
  phone: plain('phone'),
  passwordHash: plain('encrypted_password'),
  emailConfirmedAt: plain('email_confirmed_at'),
  phoneConfirmedAt: plain('phone_confirmed_at'),
  invitedAt: plain('invited_at'),
  confirmationSentAt: plain('confirmation_sent_at'),
  recoverySentAt: plain('recovery_sent_at'),
  emailChange: plain('email_change'),
  emailChangeSentAt: plain('email_change_sent_at'),
  emailChangeConfirmStatus: plain('email_change_confirm_status'),
  reauthenticationSentAt: plain('reauthentication_sent_at'),
  lastSignInAt: plain('last_sign_in_at'),
  appMetadata: json('raw_app_meta_data'),
  userMetadata: json('raw_user_meta_data'),
  createdAt: plain('created_at'),
  updatedAt: plain('updated_at'),
  bannedUntil: plain('banned_until'),
  deletedAt: plain('deleted_at'),
  isAnonymous: plain('is_anonymous'),
};
/** of every row that is ours; others' programs expect these columns to be there, and not NULL */
const ALWAYS = {
  instance: plain('instance_id'),
  confirmation: plain('confirmation_token'),
  recovery: plain('recovery_token'),
  emailChangeNew: plain('email_change_token_new'),
};
const ALWAYS_VALUES = {
  instance: '00000000-0000-0000-0000-000000000000',
  confirmation: '',
  recovery: '',
  emailChangeNew: '',
};
const SELECTED = selected(COLUMNS);
const UNIQUE = '23505';

function userOf(row: Stored<User>): User {
  const updatedAt = time(row.updatedAt);
  const createdAt = timeOr(row.createdAt, updatedAt);
  return {
    id: row.id as string,
    aud: nonEmpty(row.aud) ?? 'authenticated',
    role: nonEmpty(row.role) ?? 'authenticated',
    email: nonEmpty(row.email)?.toLowerCase() ?? null,
    phone: nonEmpty(row.phone),
    passwordHash: text(row.passwordHash),
    emailConfirmedAt: time(row.emailConfirmedAt),
    phoneConfirmedAt: time(row.phoneConfirmedAt),
    invitedAt: time(row.invitedAt),
    confirmationSentAt: time(row.confirmationSentAt),
    recoverySentAt: time(row.recoverySentAt),
    emailChange: text(row.emailChange) ?? '',
    emailChangeSentAt: time(row.emailChangeSentAt),
    emailChangeConfirmStatus: Number(row.emailChangeConfirmStatus ?? 0),
    reauthenticationSentAt: time(row.reauthenticationSentAt),
    lastSignInAt: time(row.lastSignInAt),
    appMetadata: object(row.appMetadata),
    userMetadata: object(row.userMetadata),
    createdAt,
    updatedAt: updatedAt ?? createdAt,
    bannedUntil: time(row.bannedUntil),
    deletedAt: time(row.deletedAt),
    isAnonymous: row.isAnonymous === true,
  };
}

/** The rows that refer to a user's are not held up by it. */
export const locking = (lock: Lock): string => (lock ? ' FOR NO KEY UPDATE' : '');

const MATCHES = `($1 = '' OR strpos(lower(email), lower($1)) > 0
  OR strpos(lower(raw_user_meta_data ->> 'full_name'), lower($1)) > 0)`;
const NEWEST_FIRST = (prefix: string, created: string) =>
  `${prefix}${created} DESC NULLS LAST, ${prefix}id DESC`;
const BYTES = ['userMetadata', 'appMetadata']
  .map((name) => `coalesce(octet_length("${name}"::text), 0)`)
  .join(' + ');
/** of metadata, on a page */
const MOST_BYTES = 16 * 1024 * 1024;
const PAGE = `WITH page AS (
    SELECT ${SELECTED} FROM auth.users WHERE ${MATCHES} ORDER BY ${NEWEST_FIRST('users.', 'created_at')} LIMIT $2 OFFSET $3)
  SELECT total, page.* FROM (SELECT count(*) AS total FROM auth.users WHERE ${MATCHES}) counted
  CROSS JOIN (SELECT coalesce(sum(${BYTES}), 0) AS bytes FROM page) sized LEFT JOIN page ON bytes <= $4
  ORDER BY ${NEWEST_FIRST('page.', '"createdAt"')}`;

const OF_SESSION = `SELECT ${SELECTED} FROM auth.users WHERE id = (SELECT user_id FROM auth.sessions WHERE id = $1)`;

export const userRows = (sql: TenantConnection): UserRows => ({
  byId: async (id, lock) =>
    isUuid(id)
      ? one(sql, `SELECT ${SELECTED} FROM auth.users WHERE id = $1${locking(lock)}`, [id])
      : undefined,
  byEmail: (email, lock) =>
    one(
      sql,
      `SELECT ${SELECTED} FROM auth.users WHERE lower(email) = lower($1) AND NOT is_sso_user
       ORDER BY email = $1 DESC, id LIMIT 1${locking(lock)}`,
      [email],
    ),
  byPhone: (phone) => one(sql, `SELECT ${SELECTED} FROM auth.users WHERE phone = $1`, [phone]),
  ofSession: async (id) => (isUuid(id) ? one(sql, OF_SESSION, [id]) : undefined),
  insert: (user) => inserted(sql, user),
  async insertNew(users) {
    if (users.length === 0) return new Set();
    const given = users.map((user) => ({ ...user, ...ALWAYS_VALUES }));
    const { text: into, values } = insertions('auth.users', { ...COLUMNS, ...ALWAYS }, given);
    const made = await sql.query<{ id: string }>(`${into} ON CONFLICT DO NOTHING RETURNING id`, values);
    return new Set(made.rows.map(({ id }) => id));
  },
  async known(ids) {
    const found = await sql.query<{ id: string }>('SELECT id FROM auth.users WHERE id = ANY ($1)', [
      ids.filter(isUuid),
    ]);
    return new Set(found.rows.map(({ id }) => id));
  },
  async update(id, changes) {
    if (!isUuid(id)) return undefined;
    const unique = 'email' in changes || 'phone' in changes;
    return unique ? updatedUnlessTaken(sql, id, changes) : updated(sql, id, changes);
  },
  async delete(id) {
    if (!isUuid(id)) return;
    await sql.query(
      `WITH flows AS (DELETE FROM auth.flow_state WHERE user_id = $1) DELETE FROM auth.users WHERE id = $1`,
      [id],
    );
  },
  async page({ page, perPage, filter, mostBytes = MOST_BYTES }) {
    const offset = Math.min((page - 1) * perPage, Number.MAX_SAFE_INTEGER);
    const { rows } = await sql.query<Stored<User> & { total: string }>(PAGE, [
      filter,
      perPage,
      offset,
      mostBytes,
    ]);
    return { users: rows.filter(({ id }) => id !== null).map(userOf), total: Number(rows[0]?.total ?? 0) };
  },
});

async function one(
  sql: TenantConnection,
  query: string,
  values: readonly unknown[],
): Promise<User | undefined> {
  const { rows } = await sql.query<Stored<User>>(query, values);
  return rows[0] && userOf(rows[0]);
}

async function inserted(sql: TenantConnection, user: User): Promise<User | undefined> {
  const { text: into, values } = insertion(
    'auth.users',
    { ...COLUMNS, ...ALWAYS },
    { ...user, ...ALWAYS_VALUES },
  );
  const made = await one(sql, `${into} ON CONFLICT DO NOTHING RETURNING ${SELECTED}`, values);
  if (made || (await isTaken(sql, user, null))) return made;
  throw new SqlFailed('a trigger on auth.users kept the row out', {
    code: 'P0001',
    position: null,
    detail: null,
    hint: null,
  });
}

async function updated(sql: TenantConnection, id: string, changes: Partial<User>): Promise<User | undefined> {
  const statement = change('auth.users', COLUMNS, id, changes);
  if (!statement) return one(sql, `SELECT ${SELECTED} FROM auth.users WHERE id = $1`, [id]);
  return one(sql, `${statement.text} RETURNING ${SELECTED}`, statement.values);
}

/** UPDATE has no ON CONFLICT. */
async function updatedUnlessTaken(
  sql: TenantConnection,
  id: string,
  changes: Partial<User>,
): Promise<User | undefined> {
  await sql.query('SAVEPOINT before_update');
  try {
    const user = await updated(sql, id, changes);
    await sql.query('RELEASE SAVEPOINT before_update');
    return user;
  } catch (error) {
    if (!(error instanceof SqlFailed) || error.code !== UNIQUE) throw error;
    await sql.query('ROLLBACK TO SAVEPOINT before_update');
    // or it is a table of the owner's that has it already
    if (!(await isTaken(sql, changes, id))) throw error;
    return undefined;
  }
}

/** @param but somebody whose own it is */
async function isTaken(
  sql: TenantConnection,
  { id, email, phone }: Partial<User>,
  but: string | null,
): Promise<boolean> {
  const { rowCount } = await sql.query(
    `SELECT FROM auth.users WHERE (id = $1 OR email = $2 AND NOT is_sso_user OR phone = $3) AND id IS DISTINCT FROM $4 LIMIT 1`,
    [id ?? null, email ?? null, phone ?? null, but],
  );
  return rowCount > 0;
}
