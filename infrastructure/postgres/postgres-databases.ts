import pg from 'pg';
import type { Databases, DatabaseStanding, WantedStanding } from '../../application/ports/databases.ts';
import type { DatabaseLogins } from '../../application/ports/secrets.ts';
import {
  databaseName,
  isProjectId,
  ownerRole,
  PROJECT_LOGIN,
  type ProjectId,
} from '../../domain/project/project-id.ts';
import { PROJECT_LOGINS, type LoginBounds, type ProjectLogin } from '../../domain/project/project-logins.ts';
import { databaseState, databaseStandings, foreignDatabase, requireDatabase } from './database-states.ts';
import { endAllSessions, endIdleSessions } from './owner-sessions.ts';
import { ADMIN_SESSIONS, type PostgresServer } from './postgres-server.ts';
import { loginStatements, markOf, schemaGrants, wantedLogins, type WantedLogin } from './project-logins.ts';
import { MIGRATIONS_SCHEMA, templateName } from './project-template.ts';
import { dropRetired, retiredProjects, retirement, rolesMarked } from './retired-logins.ts';
import { SHARED_ROLES } from './shared-roles.ts';
import { Slots } from '../../application/background/slots.ts';

const shared = SHARED_ROLES.join(', ');

/**
 * Databases and logins in a real cluster. The mark is the object's comment. A database cannot be made and
 * marked in one transaction, so it is made closed (ALLOW_CONNECTIONS false) and opened after it was marked:
 * one that is closed and unmarked is ours, cut short; one that is open and unmarked is somebody else's.
 */
export class PostgresDatabases implements Databases {
  readonly #server: PostgresServer;
  readonly #logins: readonly ProjectLogin[];
  /** the last administrative session is for those who only look, and of the others one is for those who make something */
  readonly #changes = new Slots(ADMIN_SESSIONS - 1);
  readonly #drops = new Slots(ADMIN_SESSIONS - 2);

  constructor(server: PostgresServer, logins: readonly ProjectLogin[] = PROJECT_LOGINS) {
    this.#server = server;
    this.#logins = logins;
  }

  async ensureDatabase(project: ProjectId, templateVersion: number, signal?: AbortSignal): Promise<void> {
    const name = databaseName(project);
    const create = async (client: pg.ClientBase) => {
      const found = await databaseState(client, project);
      if (found === 'foreign') throw foreignDatabase(project);
      const template = templateName(templateVersion);
      if (found === 'absent') {
        await client.query(
          `CREATE DATABASE ${id(name)} TEMPLATE ${id(template)} STRATEGY WAL_LOG ALLOW_CONNECTIONS false`,
        );
      }
      if (found === 'whole') return;
      await inOneMessage(client, [
        // a copy does not carry the template's privileges
        `REVOKE ALL ON DATABASE ${id(name)} FROM PUBLIC`,
        `COMMENT ON DATABASE ${id(name)} IS ${pg.escapeLiteral(markOf(project))}`,
        `ALTER DATABASE ${id(name)} WITH ALLOW_CONNECTIONS true`,
      ]);
    };
    await this.#alone(project, `create the database ${name}`, create, signal);
  }

  async ensureUsers(
    project: ProjectId,
    logins: DatabaseLogins,
    bounds: LoginBounds,
    signal?: AbortSignal,
  ): Promise<void> {
    const wanted = wantedLogins(this.#logins, project, logins);
    const attempted = `create the logins of ${project}`;
    const ensure = async (client: pg.ClientBase) => {
      await requireDatabase(client, project);
      const made = makeLogins(client, project, wanted, bounds);
      // still alone: two that change the privileges of one schema at once fail with an internal error
      const granted = this.#grantInside(project, attempted, wanted, bounds, made, signal);
      // nothing of it runs any more when either has failed
      await Promise.allSettled([made, granted]);
      await granted;
      await endSessionsOfDropped(client, project);
    };
    await this.#alone(project, attempted, ensure, signal);
  }

  async ensureLogins(
    project: ProjectId,
    logins: DatabaseLogins,
    bounds: LoginBounds,
    signal?: AbortSignal,
  ): Promise<void> {
    const ensure = async (client: pg.ClientBase) => {
      await requireDatabase(client, project);
      await makeLogins(client, project, wantedLogins(this.#logins, project, logins), bounds);
      await endSessionsOfDropped(client, project);
    };
    await this.#alone(project, `create the logins of ${project}`, ensure, signal);
  }

  async ensureRights(
    project: ProjectId,
    logins: DatabaseLogins,
    bounds: LoginBounds,
    signal?: AbortSignal,
  ): Promise<void> {
    const wanted = wantedLogins(this.#logins, project, logins);
    const attempted = `grant the logins of ${project} what they may do`;
    const ensure = async (client: pg.ClientBase) => {
      await requireDatabase(client, project);
      await this.#grantInside(project, attempted, wanted, bounds, Promise.resolve(), signal);
    };
    await this.#alone(project, attempted, ensure, signal);
  }

  async endOwnerSessions(project: ProjectId, which: 'all' | 'idle', signal?: AbortSignal): Promise<void> {
    const end = which === 'all' ? endAllSessions : endIdleSessions;
    const attempted = `end sessions of the owner of ${project}`;
    await this.#onDatabase(project, attempted, (client) => end(client, project), signal);
  }

  /**
   * What its logins and the shared roles may do in the project's own database.
   * @param made when the logins are there: the session is opened meanwhile
   */
  async #grantInside(
    project: ProjectId,
    attempted: string,
    wanted: readonly WantedLogin[],
    { readOnly }: LoginBounds,
    made: Promise<unknown>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const owner = ownerRole(project);
    const kinds = ['TABLES', 'SEQUENCES', 'FUNCTIONS'];
    const grant = async (client: pg.ClientBase) => {
      const standing = await publicSchema(client, owner);
      await made;
      const inPublic = [
        // the owner may have dropped it
        'CREATE SCHEMA IF NOT EXISTS public',
        `ALTER SCHEMA public OWNER TO ${id(owner)}`,
        `GRANT USAGE ON SCHEMA public TO ${shared}`,
        ...kinds.map(
          (kind) =>
            `ALTER DEFAULT PRIVILEGES FOR ROLE ${id(owner)} IN SCHEMA public GRANT ALL ON ${kind} TO ${shared}`,
        ),
      ];
      await inOneMessage(client, [
        // none of this is the REST API's to see, unless there is a schema more afterwards
        ...(standing === 'absent' ? [] : [WITHOUT_EVENT_TRIGGERS]),
        `GRANT USAGE ON SCHEMA auth, storage, extensions, ${MIGRATIONS_SCHEMA} TO ${id(owner)}`,
        // it is in their search path, and for extensions alone
        `REVOKE CREATE ON SCHEMA extensions FROM ${id(owner)}`,
        // pg_dump locks and reads every table that is there
        `GRANT SELECT ON ALL TABLES IN SCHEMA ${MIGRATIONS_SCHEMA} TO ${id(owner)}`,
        largeObjectWrites(!readOnly),
        ...wanted.flatMap(schemaGrants),
        tablesOfFiles(owner),
        // once: what they take back from the shared roles afterwards stays taken back
        ...(standing === 'given' ? [] : inPublic),
      ]);
    };
    await this.#server.inDatabase(databaseName(project), attempted, grant, {
      endsBlockers: true,
      endsLater: true,
      signal,
    });
  }

  async removeUsers(project: ProjectId, signal?: AbortSignal): Promise<void> {
    const end = async (client: pg.ClientBase) => {
      // whichever they are: another release may know others
      const there = await rolesMarked(client, markOf(project));
      if (there.length === 0) return;
      await inOneMessage(client, retirement(project, there));
      await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = ANY ($1)', [
        there,
      ]);
    };
    await this.#alone(project, `end the logins of ${project}`, end, signal);
    await dropRetired(this.#server, this.#alone, project);
  }

  async dropRetiredLogins(): Promise<void> {
    for (const project of await retiredProjects(this.#server))
      await dropRetired(this.#server, this.#alone, project);
  }

  async dropDatabase(project: ProjectId, signal?: AbortSignal): Promise<void> {
    const name = databaseName(project);
    const drop = async (client: pg.ClientBase) => {
      const found = await databaseState(client, project);
      if (found === 'absent' || found === 'foreign') return;
      await client.query(`ALTER DATABASE ${id(name)} WITH ALLOW_CONNECTIONS false`);
      await client.query(`DROP DATABASE IF EXISTS ${id(name)} WITH (FORCE)`);
    };
    const alone = () => this.#alone(project, `drop the database ${name}`, drop, signal);
    await this.#drops.within(alone, signal);
  }

  async allowConnections(project: ProjectId, signal?: AbortSignal): Promise<void> {
    const name = databaseName(project);
    const allow = (client: pg.ClientBase) =>
      client.query(`ALTER DATABASE ${id(name)} WITH ALLOW_CONNECTIONS true CONNECTION LIMIT -1`);
    await this.#onDatabase(project, `open the database ${name}`, allow, signal);
  }

  async refuseConnections(project: ProjectId, signal?: AbortSignal): Promise<void> {
    const name = databaseName(project);
    const refuse = async (client: pg.ClientBase) => {
      await client.query(`ALTER DATABASE ${id(name)} WITH ALLOW_CONNECTIONS false`);
      await client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [name]);
    };
    await this.#onDatabase(project, `close the database ${name}`, refuse, signal);
  }

  async state(project: ProjectId, logins: DatabaseLogins, bounds: LoginBounds): Promise<DatabaseStanding> {
    const standing = (await this.states([{ project, logins, bounds }])).get(project);
    if (!standing) throw new Error(`nothing is known of ${project}`);
    return standing;
  }

  states(wanted: readonly WantedStanding[]): Promise<ReadonlyMap<ProjectId, DatabaseStanding>> {
    return databaseStandings(this.#server, this.#logins, wanted);
  }

  async list(): Promise<readonly ProjectId[]> {
    return this.#server.administer('list the databases', async (client) => {
      const { rows } = await client.query<{ name: string }>(
        `SELECT datname AS name FROM pg_database WHERE shobj_description(oid, 'pg_database') = 'launchdb:' || datname
         UNION
         SELECT project FROM pg_roles, left(rolname, 21) project
         WHERE rolname ~ '${PROJECT_LOGIN}' AND shobj_description(oid, 'pg_authid') = 'launchdb:' || project`,
      );
      return rows.map(({ name }) => name).filter(isProjectId);
    });
  }

  /** With a database that is there and ours, from outside of it. */
  async #onDatabase(
    project: ProjectId,
    attempted: string,
    work: (client: pg.ClientBase) => Promise<unknown>,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const act = async (client: pg.ClientBase) => {
      await requireDatabase(client, project);
      await work(client);
    };
    await this.#server.administer(attempted, act, signal);
  }

  /** One at a time for each project, also when a worker was killed and its statement still runs. */
  readonly #alone = <T>(
    project: ProjectId,
    attempted: string,
    work: (client: pg.ClientBase) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> => {
    const act = async (client: pg.ClientBase) => {
      await client.query('SELECT pg_advisory_lock(hashtextextended($1, 0))', [project]);
      const result = await work(client);
      // after a failure the session is given up, and the lock with it
      await client.query('SELECT pg_advisory_unlock(hashtextextended($1, 0))', [project]);
      return result;
    };
    return this.#changes.within(() => this.#server.administer(attempted, act, signal), signal);
  };
}

async function makeLogins(
  client: pg.ClientBase,
  project: ProjectId,
  wanted: readonly WantedLogin[],
  bounds: LoginBounds,
): Promise<void> {
  await inOneMessage(client, [
    ...(await loginStatements(client, project, wanted, bounds)),
    // RAISE LOG, and errors with the values of rows, are told to who asked and not to the server's log
    `ALTER DATABASE ${id(databaseName(project))} SET log_min_messages = fatal`,
  ]);
}

/** Sessions of a role that was dropped meanwhile live on, in a pooler above all, and may do nothing any more. */
const endSessionsOfDropped = (client: pg.ClientBase, project: ProjectId) =>
  client.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = $1 AND usesysid NOT IN (SELECT oid FROM pg_roles)`,
    [databaseName(project)],
  );

const WITHOUT_EVENT_TRIGGERS = 'SET session_replication_role = replica';

/** One that its owner made anew has no privileges at all: it is as good as not given. */
async function publicSchema(client: pg.ClientBase, owner: string): Promise<'given' | 'there' | 'absent'> {
  const { rows } = await client.query<{ given: boolean }>(
    `SELECT rolname = $1 AND nspacl IS NOT NULL AS given
     FROM pg_namespace JOIN pg_roles ON pg_roles.oid = nspowner WHERE nspname = 'public'`,
    [owner],
  );
  if (!rows[0]) return 'absent';
  return rows[0].given ? 'given' : 'there';
}

const id = (name: string): string => pg.escapeIdentifier(name);

const LARGE_OBJECT_WRITES = `lo_creat(int), lo_create(oid), lo_from_bytea(oid, bytea), lo_put(oid, bigint, bytea),
  lowrite(int, bytea), lo_truncate(int, int), lo_truncate64(int, bigint)`;

/** Until PostgreSQL 16 a transaction that is read only may write large objects all the same. */
const largeObjectWrites = (may: boolean): string => `DO $$ BEGIN
  IF has_function_privilege('anon', 'lo_create(oid)', 'EXECUTE') <> ${may} THEN
    ${may ? 'GRANT' : 'REVOKE'} EXECUTE ON FUNCTION ${LARGE_OBJECT_WRITES} ${may ? 'TO' : 'FROM'} PUBLIC;
  END IF;
END $$`;

/** Policies for a table are its owner's to make: see docs/decisions/0080-files.md. There are none before version 15. */
const tablesOfFiles = (owner: string): string => `DO $$ DECLARE made record; BEGIN
  FOR made IN SELECT oid::regclass AS name FROM pg_class
    WHERE relnamespace = 'storage'::regnamespace AND relkind = 'r' AND relowner <> '${owner}'::regrole
  LOOP EXECUTE format('ALTER TABLE %s OWNER TO ${owner}', made.name); END LOOP;
END $$`;

/** All or nothing, as PostgreSQL does what comes in one message, and without waiting for each answer. */
const inOneMessage = (client: pg.ClientBase, statements: readonly string[]) =>
  client.query(statements.join(';\n'));
