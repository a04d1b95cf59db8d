import type pg from 'pg';

/**
 * Lends a connection of the pool. It listens to the connection's death, which otherwise, between two queries,
 * would end the process; a connection that failed is not given back.
 */
export async function withClient<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken = false;
  const onError = () => {
    broken = true;
  };
  client.on('error', onError);
  try {
    return await work(client);
  } catch (error) {
    // whatever state the session is in: locks, settings and an open transaction go with it
    broken = true;
    throw error;
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}

/** All or nothing. What `work` throws is thrown after the roll-back. */
export async function transaction<T>(client: pg.ClientBase, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN');
  try {
    const result = await work();
    const { command } = await client.query('COMMIT');
    // a failed statement that somebody swallowed turns COMMIT into ROLLBACK without an error
    if (command !== 'COMMIT') throw new Error('a transaction was rolled back instead of committed');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
}

const LONG_MS = 600_000;

/**
 * Inside a transaction, a statement on whole tables: ten minutes for it, and not the seconds that a pool gives to
 * every statement.
 */
export async function longQuery<Row extends pg.QueryResultRow>(
  tx: pg.ClientBase,
  text: string,
): Promise<pg.QueryResult<Row>> {
  await tx.query(`SET LOCAL statement_timeout TO ${LONG_MS}`);
  const query: pg.QueryConfig & { readonly query_timeout: number } = { text, query_timeout: LONG_MS + 5_000 };
  const result = await tx.query<Row>(query);
  await tx.query('SET LOCAL statement_timeout TO DEFAULT');
  return result;
}
