/**
 * What sessions of ours depend on is told to PostgreSQL when they begin: it goes before whatever somebody set for a role
 * or a database (ALTER ROLE ... SET), and RESET comes back to it.
 */
const asOptions = (settings: readonly string[]): string =>
  settings.map((setting) => `-c ${setting.replaceAll(' ', '\\ ')}`).join(' ');

/** Whoever begins one stays who they are, and is not ended for an error or for a pause. */
const STEADY = ['role=none', 'exit_on_error=off', 'idle_session_timeout=0', 'standard_conforming_strings=on'];
/** Numbers and bytes come in full. */
const EXACT = ['extra_float_digits=1', 'bytea_output=hex'];

const OWN = [
  ...STEADY,
  ...EXACT,
  'datestyle=ISO,MDY',
  'intervalstyle=postgres',
  'timezone=UTC',
  'default_transaction_read_only=off',
  'default_transaction_isolation=read committed',
];

/** Of the platform's own login. */
export const PLATFORM_SESSION = asOptions([...OWN, 'search_path="$user",public']);

/** A superuser in a project's database must not meet the owner's functions and operators. */
export const ADMIN_SESSION = asOptions([...OWN, 'search_path=pg_catalog']);

/** Of an owner: what else they have set for their role holds for their SQL. */
export const OWNER_SESSION = asOptions([...STEADY, ...EXACT]);

/** When we die, PostgreSQL notices while a statement runs, and takes back what it did. */
export const MIGRATION_SESSION = `${OWNER_SESSION} ${asOptions([
  'client_min_messages=error',
  'client_connection_check_interval=1000',
])}`;
