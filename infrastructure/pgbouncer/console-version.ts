import { ScramClient } from '../postgres/scram-client.ts';
import type { ConsoleAddress } from './admin-console.ts';

const WITHIN_MS = 5_000;

/** Of a PgBouncer that somebody else runs; undefined: it does not say. */
export async function consoleVersion({
  host,
  port,
  user,
  password,
}: ConsoleAddress): Promise<string | undefined> {
  const limits = { connectionTimeoutMillis: WITHIN_MS, query_timeout: WITHIN_MS };
  const client = new ScramClient({ host, port, user, password, database: 'pgbouncer', ...limits });
  client.on('error', () => {});
  try {
    await client.connect();
    const { rows } = await client.query<{ version: string }>('SHOW VERSION');
    return /\d+(\.\d+)+/.exec(rows[0]?.version ?? '')?.[0];
  } catch {
    return undefined;
  } finally {
    await client.end().catch(() => {});
  }
}
