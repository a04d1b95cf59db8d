import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';

export interface TestDatabase extends AsyncDisposable {
  readonly name: string;
  /** a superuser's URL of a database that only this test file has */
  readonly url: string;
  readonly pool: pg.Pool;
  /** the superuser's URL of the cluster's own `postgres` database */
  readonly clusterUrl: string;
}

/** A fresh, empty database. Closing it fails when a session was left open in it: that is a leak. */
export async function testDatabase(): Promise<TestDatabase> {
  const clusterUrl = inject('clusterUrl');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await onCluster(clusterUrl, (client) => client.query(`CREATE DATABASE ${name}`));
  const url = clusterUrl.replace(/\/postgres$/, `/${name}`);
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  pool.on('error', () => {});
  return {
    name,
    url,
    pool,
    clusterUrl,
    async [Symbol.asyncDispose]() {
      await pool.end();
      await onCluster(clusterUrl, async (client) => {
        const left = await sessionsOf(client, name);
        await client.query(`DROP DATABASE ${name} WITH (FORCE)`);
        if (left.length > 0) throw new Error(`left open in ${name}: ${left.join(', ')}`);
      });
    },
  };
}

async function sessionsOf(client: pg.Client, database: string): Promise<string[]> {
  // the server needs a moment to notice a closed connection
  for (let tries = 0; ; tries++) {
    const { rows } = await client.query<{ who: string }>(
      `SELECT usename || ' ' || application_name || ' ' || left(query, 60) AS who FROM pg_stat_activity WHERE datname = $1`,
      [database],
    );
    if (rows.length === 0 || tries === 20) return rows.map((row) => row.who);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export async function onCluster<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
