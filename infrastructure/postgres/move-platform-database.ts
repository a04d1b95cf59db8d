/**
 * The platform's own database moves from the projects' server, where releases before had it, to a server of its own.
 * It is copied whole into a draft, compared, and comes to its name last: so a crash at any point leaves the old one in
 * force, and the next start begins again or finishes. Views are not copied: they follow from the log.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { Refused, unavailable } from '../../application/errors.ts';
import {
  applyPlatformMigrations,
  isKeptElsewhere,
  PLATFORM_DATABASE,
  PLATFORM_MARK,
  PLATFORM_ROLE,
  preparePlatformDraft,
} from './platform-database.ts';
import type { PostgresServer } from './postgres-server.ts';

export type MovePoint = 'old-closed' | 'drafted' | 'copied' | 'named' | 'old-renamed';

export interface Move {
  readonly from: PostgresServer;
  readonly to: PostgresServer;
  readonly platformPassword: string;
  /** a line for the person at the terminal */
  readonly tell: (line: string) => void;
  /** told how far it is; tests stop it there */
  readonly observe?: (point: MovePoint) => void;
}

const MOVED_DATABASE = `${PLATFORM_DATABASE}_moved`;
const DRAFT = `${PLATFORM_DATABASE}_draft`;
/** of the advisory lock on the new server under which it moves */
const MOVING = 7_230_552;
const MOVED_WITHIN_MS = 30 * 60_000;
const NO_LIMIT = { statementMs: 0 };

/**
 * Does what is left to do, which at most starts is to look. Idempotent.
 * @throws {Refused} both servers have one and they differ, or the moved one is not where it was moved to
 */
export async function movePlatformDatabase(move: Move): Promise<void> {
  await move.to.administer("move the platform's database", async (client) => {
    const deadline = performance.now() + MOVED_WITHIN_MS;
    // of several processes that start at once, one moves; the lock goes with the session
    while (!(await tryLock(client))) {
      if (performance.now() > deadline)
        throw unavailable('platform_postgres', "wait for the move of the platform's database");
      await sleep(200);
    }
    try {
      await moveOnce(move);
    } finally {
      await client.query('SELECT pg_advisory_unlock($1)', [MOVING]);
    }
  });
}

async function tryLock(client: pg.ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ mine: boolean }>('SELECT pg_try_advisory_lock($1) AS mine', [MOVING]);
  return rows[0]?.mine ?? false;
}

async function moveOnce(move: Move): Promise<void> {
  const { from, to, tell, observe = () => {} } = move;
  const [old, here] = [await ours(from), await ours(to)];
  const arrived = here.includes(PLATFORM_DATABASE);
  if (!old.includes(PLATFORM_DATABASE)) {
    if (!arrived && (await isKeptElsewhere(from))) throw notThere();
    if (!old.includes(MOVED_DATABASE)) return;
    // it has served from its new place: the old one must not keep what is erased there
    await from.administer('drop what was moved', (client) => client.query(`DROP DATABASE ${MOVED_DATABASE}`));
    tell(`The platform's database serves from its own server; the one it was moved from was dropped.`);
    return;
  }
  if (arrived) await requireCopy(from, to);
  else await moveAway(move);
  await endSessions(from);
  await from.administer('rename what was moved', async (client) => {
    if (old.includes(MOVED_DATABASE)) await client.query(`DROP DATABASE ${MOVED_DATABASE}`);
    await client.query(`ALTER DATABASE ${PLATFORM_DATABASE} RENAME TO ${MOVED_DATABASE}`);
    await client.query(`ALTER DATABASE ${MOVED_DATABASE} WITH ALLOW_CONNECTIONS false`);
  });
  observe('old-renamed');
  tell(
    `Moved. The old one is kept beside the projects' databases as "${MOVED_DATABASE}" until the next start.`,
  );
}

async function moveAway({ from, to, platformPassword, tell, observe = () => {} }: Move): Promise<void> {
  tell("Moving the platform's own database from the projects' PostgreSQL to a server of its own ...");
  // whoever still runs on the old one must not write what would not be copied
  await from.administer("close the platform's old database", (client) =>
    client.query(`ALTER ROLE ${PLATFORM_ROLE} NOLOGIN`),
  );
  await endSessions(from);
  observe('old-closed');
  await preparePlatformDraft(to, platformPassword, DRAFT);
  observe('drafted');
  await inBoth(from, PLATFORM_DATABASE, to, DRAFT, async (old, fresh) => {
    await applyPlatformMigrations(old);
    await applyPlatformMigrations(fresh);
    await copyEverything(old, fresh);
    await requireEqual(old, fresh);
    await fresh.query('ANALYZE');
  });
  observe('copied');
  await to.administer("give the platform's database its name", (client) =>
    client.query(`ALTER DATABASE ${DRAFT} RENAME TO ${PLATFORM_DATABASE}`),
  );
  observe('named');
}

/** A crash came between the two renames; or a release from before has run since, and made another one. */
const requireCopy = (from: PostgresServer, to: PostgresServer): Promise<void> =>
  inBoth(from, PLATFORM_DATABASE, to, PLATFORM_DATABASE, async (old, fresh) => {
    await applyPlatformMigrations(old);
    await applyPlatformMigrations(fresh);
    await requireEqual(old, fresh);
  });

const notThere = () =>
  new Refused(
    "the platform's database is on a server of its own, and is not on the one that is configured now. Put that server " +
      'back (PLATFORM_DATABASE_URL, or the folder platform-postgres of the data directory), from a backup if need be; ' +
      'nothing was changed',
  );

/** Which of our databases are there. */
async function ours(server: PostgresServer): Promise<readonly string[]> {
  const { rows } = await server.administer("look for the platform's database", (client) =>
    client.query<{ name: string }>(
      `SELECT datname AS name FROM pg_database
       WHERE datname = ANY ($1) AND shobj_description(oid, 'pg_database') = $2`,
      [[PLATFORM_DATABASE, MOVED_DATABASE], PLATFORM_MARK],
    ),
  );
  return rows.map(({ name }) => name);
}

const endSessions = (server: PostgresServer) =>
  server.administer("end sessions of the platform's old database", (client) =>
    client.query(
      'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()',
      [PLATFORM_DATABASE],
    ),
  );

const inBoth = (
  from: PostgresServer,
  oldName: string,
  to: PostgresServer,
  freshName: string,
  work: (old: pg.Client, fresh: pg.Client) => Promise<void>,
): Promise<void> =>
  from.inDatabase(
    oldName,
    "read the platform's old database",
    (old) =>
      to.inDatabase(freshName, "write the platform's new database", (fresh) => work(old, fresh), NO_LIMIT),
    NO_LIMIT,
  );

/** What is kept: everything but the views with their checkpoints, and the record of which files were applied. */
const KEPT = `nspname NOT IN ('information_schema', 'platform', 'projection') AND nspname !~ '^(pg_|view_)'`;

async function tablesOf(client: pg.ClientBase): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT format('%I.%I', nspname, relname) AS name FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
     WHERE relkind = 'r' AND ${KEPT} ORDER BY 1`,
  );
  return rows.map(({ name }) => name);
}

/** In one transaction. */
async function copyEverything(old: pg.Client, fresh: pg.Client): Promise<void> {
  await old.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  await fresh.query('BEGIN');
  // whole and at one moment as they are: references hold, whatever comes first
  await fresh.query('SET LOCAL session_replication_role = replica');
  for (const table of await tablesOf(old)) {
    const { rows } = await old.query<{ columns: string }>(
      `SELECT string_agg(format('%I', attname), ', ' ORDER BY attnum) AS columns FROM pg_attribute
       WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''`,
      [table],
    );
    const what = `${table} (${rows[0]?.columns ?? ''})`;
    await pipeline(
      old.query(copyTo(`COPY ${what} TO STDOUT`)),
      fresh.query(copyFrom(`COPY ${what} FROM STDIN`)),
    );
  }
  const sequences = await old.query<{ name: string; last: string }>(
    `SELECT format('%I.%I', schemaname, sequencename) AS name, last_value AS last FROM pg_sequences
     JOIN pg_namespace ON nspname = schemaname WHERE last_value IS NOT NULL AND ${KEPT}`,
  );
  for (const { name, last } of sequences.rows) await fresh.query('SELECT setval($1, $2)', [name, last]);
  await fresh.query('COMMIT');
  await old.query('COMMIT');
}

/** @throws {Refused} their rows differ in number, or their logs end with different events */
async function requireEqual(old: pg.ClientBase, fresh: pg.ClientBase): Promise<void> {
  const [one, other] = [await summaryOf(old), await summaryOf(fresh)];
  if (one === other) return;
  throw new Refused(
    `both the projects' PostgreSQL and the platform's own have a database "${PLATFORM_DATABASE}", and they differ ` +
      `(${one} against ${other}). Rename the one that is not wanted; nothing was changed`,
  );
}

/** Each event's hash covers all before it, so the last one is enough to compare logs. */
async function summaryOf(client: pg.ClientBase): Promise<string> {
  const counts: string[] = [];
  for (const table of await tablesOf(client)) {
    const { rows } = await client.query<{ count: string }>(`SELECT count(*) FROM ${table}`);
    counts.push(`${table}: ${rows[0]?.count}`);
  }
  const { rows } = await client.query<{ head: string }>(
    `SELECT position || ' ' || encode(hash, 'hex') AS head FROM log.events ORDER BY position DESC LIMIT 1`,
  );
  return `${counts.join(', ')}, log: ${rows[0]?.head ?? 'empty'}`;
}
