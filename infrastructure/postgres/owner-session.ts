/** Sessions straight to PostgreSQL as a project's owner, for what must not go through the pooler. */
import pg from 'pg';
import { TooManySessions, unavailable } from '../../application/errors.ts';
import { databaseName, ownerRole, type ProjectId } from '../../domain/project/project-id.ts';
import type { PostgresServer } from './postgres-server.ts';
import { ScramClient } from './scram-client.ts';

const CONNECT_WITHIN_MS = 5_000;

/** @throws {Unavailable} */
export async function connectAsOwner(
  { address: { host, port } }: PostgresServer,
  project: ProjectId,
  password: string,
  settings: pg.ClientConfig,
): Promise<pg.Client> {
  const client = new ScramClient({
    ...settings,
    host,
    port,
    user: ownerRole(project),
    password,
    database: databaseName(project),
    connectionTimeoutMillis: CONNECT_WITHIN_MS,
  });
  // a session that dies fails its query, which says so
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    const attempted = `connect to the database ${databaseName(project)}`;
    throw isOverOwnLimit(error)
      ? new TooManySessions(attempted, error)
      : unavailable('postgres', attempted, error);
  }
  return client;
}

/** PostgreSQL has one code for the role's limit and for its own. It speaks English: we start it so. */
const isOverOwnLimit = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && error.code === '53300' && /for (role|database)/.test(error.message);

/** From outside: a session may be deaf to everything but this, and it ends what it runs. Its query then fails. */
export async function endOwnerSession(
  server: PostgresServer,
  client: pg.Client,
  project: ProjectId,
): Promise<void> {
  const { processID } = client as pg.Client & { readonly processID: number };
  await server
    .administer('end a session of the owner', (admin) =>
      admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND usename = $2', [
        processID,
        ownerRole(project),
      ]),
    )
    // then PostgreSQL itself is away, and the session with it
    .catch(() => {});
}
