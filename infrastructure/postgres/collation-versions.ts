/**
 * Text is sorted by a library of the system's (glibc) or of the build's (ICU). When PostgreSQL runs on another version of
 * it than the one that an index was made with, as after an update of the system or a change from the npm package's build
 * to the system's, that index may be in the wrong order: it is made anew, once, and the version noted.
 */
import pg from 'pg';
import type { Log } from '../../application/ports/log.ts';
import type { PostgresServer } from './postgres-server.ts';

const STALE = `collversion IS DISTINCT FROM pg_collation_actual_version(oid)
  AND pg_collation_actual_version(oid) IS NOT NULL`;
const NO_LIMIT = { statementMs: 0 };
/** no index of ours sorts by a language: its versions are noted last, and so say whether all others are */
const LAST = 'postgres';

/**
 * Idempotent, and cut short it begins again; at most starts it is one question.
 * @returns how many indexes were made anew
 */
export async function keepCollationsTrue(server: PostgresServer, log: Log): Promise<number> {
  const stale = await server.administer('ask for the versions of collations', (client) =>
    client.query(`SELECT 1 FROM pg_collation WHERE ${STALE} LIMIT 1`),
  );
  if (stale.rowCount === 0) return 0;
  const { rows } = await server.administer('list databases', (client) =>
    client.query<{ name: string; open: boolean }>(
      'SELECT datname AS name, datallowconn AS open FROM pg_database WHERE datname <> $1 ORDER BY 1',
      [LAST],
    ),
  );
  let rebuilt = 0;
  // closed ones are templates, which new databases are copies of
  for (const { name, open } of rows) rebuilt += await (open ? refresh : refreshClosed)(server, name, log);
  return rebuilt + (await refresh(server, LAST, log));
}

async function refreshClosed(server: PostgresServer, name: string, log: Log): Promise<number> {
  const open = (allowed: boolean) =>
    server.administer('open or close a template', (client) =>
      client.query(`ALTER DATABASE ${pg.escapeIdentifier(name)} WITH ALLOW_CONNECTIONS ${allowed}`),
    );
  await open(true);
  try {
    return await refresh(server, name, log);
  } finally {
    await open(false);
  }
}

const refresh = (server: PostgresServer, database: string, log: Log): Promise<number> =>
  server.inDatabase(
    database,
    'note the versions of collations',
    async (client) => {
      const { rows } = await client.query<{ index: string }>(
        `SELECT DISTINCT indexrelid::regclass::text AS index FROM pg_index, unnest(indcollation) used
         WHERE used IN (SELECT oid FROM pg_collation WHERE ${STALE})`,
      );
      for (const { index } of rows) {
        await client.query(`REINDEX INDEX ${index}`).catch((error: unknown) => {
          // such as a unique one whose values have become equal: its owner has to look
          log.error({ database, index, err: error }, 'an index does not fit the new collation');
        });
      }
      await client.query(
        `UPDATE pg_catalog.pg_collation SET collversion = pg_collation_actual_version(oid) WHERE ${STALE}`,
      );
      if (rows.length > 0)
        log.warn({ database, indexes: rows.length }, 'indexes were made anew: sorting has changed');
      return rows.length;
    },
    NO_LIMIT,
  );
