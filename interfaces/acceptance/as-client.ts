import pg from 'pg';

/** A session by a URI as the API tells it, for as long as `work` lasts; one that is ended from outside fails its query. */
export async function by<T>(uri: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: uri });
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/** One after the other, in one such session. */
export const run = (uri: string, ...statements: readonly string[]): Promise<void> =>
  by(uri, async (client) => {
    for (const statement of statements) await client.query(statement);
  });
