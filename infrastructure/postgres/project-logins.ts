/** The two logins of a project: how they are made, and whether they are as they have to be. */
import pg from 'pg';
import { Refused } from '../../application/errors.ts';
import type { DatabaseLogins, LoginBounds } from '../../application/ports/databases.ts';
import type { DatabaseLogin } from '../../application/ports/secrets.ts';
import {
  authenticatorRole,
  databaseName,
  ownerRole,
  type ProjectId,
} from '../../domain/project/project-id.ts';
import { retiredMark } from './retired-logins.ts';

const AUTHENTICATOR_CONNECTIONS = 30;
const TEMP_FILES = '2GB';

/** What is ours says so in its comment. */
export const markOf = (project: ProjectId): string => `launchdb:${project}`;

/** What makes them, to be run in one transaction: a role of ours is always marked. @throws {Refused} one is not ours */
export async function loginStatements(
  client: pg.ClientBase,
  project: ProjectId,
  { owner, authenticator }: DatabaseLogins,
  { connections, statementTimeoutS, readOnly }: LoginBounds,
): Promise<readonly string[]> {
  const [its, apis] = [ownerRole(project), authenticatorRole(project)];
  const alter = (role: string, change: string) =>
    `ALTER ROLE ${id(role)} IN DATABASE ${id(databaseName(project))} ${change}`;
  return [
    ...(await loginOf(client, project, its, owner, connections)),
    ...(await loginOf(client, project, apis, authenticator, AUTHENTICATOR_CONNECTIONS)),
    alter(its, `SET statement_timeout = '${Math.round(statementTimeoutS)}s'`),
    alter(its, `SET search_path = "$user", public, extensions`),
    // of one session; unlike the other limits it is not the role's to lift
    ...[its, apis].map((role) => alter(role, `SET temp_file_limit = '${TEMP_FILES}'`)),
    alter(its, `SET idle_in_transaction_session_timeout = '60s'`),
    alter(apis, `SET statement_timeout = '8s'`),
    alter(apis, `SET idle_in_transaction_session_timeout = '30s'`),
    ...[its, apis].map((role) => alter(role, `RESET ${HELD_UNTIL}`)),
    alter(its, readOnly ? `SET ${READ_ONLY} = on` : `RESET ${READ_ONLY}`),
  ];
}

const READ_ONLY = 'default_transaction_read_only';
/** Milliseconds since 1970: until then the login has fewer connections than its bounds say, or none; see offenders.ts. */
export const HELD_UNTIL = 'launchdb.held_until';

async function loginOf(
  client: pg.ClientBase,
  project: ProjectId,
  role: string,
  { verifier }: DatabaseLogin,
  connections: number,
): Promise<readonly string[]> {
  const found = await roleState(client, project, role);
  if (found === 'foreign')
    throw new Refused(`the role ${role} exists and is not LaunchDB's; rename or drop it`);
  const verb = found === 'absent' ? 'CREATE' : 'ALTER';
  return [
    `${verb} ROLE ${id(role)} LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS ` +
      `CONNECTION LIMIT ${Math.round(connections)} PASSWORD ${pg.escapeLiteral(verifier)}`,
    `COMMENT ON ROLE ${id(role)} IS ${pg.escapeLiteral(markOf(project))}`,
  ];
}

export async function roleState(
  client: pg.ClientBase,
  project: ProjectId,
  role: string,
): Promise<'absent' | 'foreign' | 'retired' | 'ours'> {
  const { rows } = await client.query<{ mark: string | null }>(
    `SELECT shobj_description(oid, 'pg_authid') AS mark FROM pg_roles WHERE rolname = $1`,
    [role],
  );
  if (!rows[0]) return 'absent';
  if (rows[0].mark === retiredMark(project)) return 'retired';
  return rows[0].mark === markOf(project) ? 'ours' : 'foreign';
}

type LoginStanding = 'absent' | 'as-wanted' | 'different';

/** Compared with what {@link loginStatements} and the grants make of them. */
export async function loginsState(
  client: pg.ClientBase,
  project: ProjectId,
  { owner, authenticator }: DatabaseLogins,
  { connections, readOnly }: LoginBounds,
): Promise<LoginStanding> {
  const seen = [
    await loginState(client, project, ownerRole(project), owner.verifier, { connections, readOnly }),
    await loginState(client, project, authenticatorRole(project), authenticator.verifier, {
      connections: AUTHENTICATOR_CONNECTIONS,
      readOnly: false,
    }),
  ];
  if (seen.every((one) => one === 'absent')) return 'absent';
  return seen.every((one) => one === 'as-wanted') ? 'as-wanted' : 'different';
}

/** The text may be anything: an owner can set it, too. */
const HELD = `EXISTS (
  SELECT FROM pg_db_role_setting, unnest(setconfig) setting WHERE setrole = pg_authid.oid
    AND (substring(setting FROM '^launchdb[.]held_until=([0-9]{13})$')::bigint > extract(epoch FROM clock_timestamp()) * 1000))`;

/** A login's CONNECT and what is set for it there are gone with its database. */
async function loginState(
  client: pg.ClientBase,
  project: ProjectId,
  role: string,
  verifier: string,
  { connections, readOnly }: Pick<LoginBounds, 'connections' | 'readOnly'>,
): Promise<LoginStanding> {
  const { rows } = await client.query<{ same: boolean }>(
    `SELECT rolcanlogin AND NOT (rolinherit OR rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls)
         AND rolpassword = $3 AND (rolconnlimit = $5 OR rolconnlimit BETWEEN 0 AND $5 AND ${HELD}) AND shobj_description(oid, 'pg_authid') = $4
         AND coalesce((SELECT has_database_privilege(pg_authid.oid, d.oid, 'CONNECT') AND $6 = coalesce(
             (SELECT '${READ_ONLY}=on' = ANY (setconfig) FROM pg_db_role_setting
              WHERE setdatabase = d.oid AND setrole = pg_authid.oid), false)
           FROM pg_database d WHERE datname = $2), true)
       AS same
     FROM pg_authid WHERE rolname = $1 AND shobj_description(oid, 'pg_authid') IS DISTINCT FROM $7`,
    [role, databaseName(project), verifier, markOf(project), connections, readOnly, retiredMark(project)],
  );
  if (!rows[0]) return 'absent';
  return rows[0].same ? 'as-wanted' : 'different';
}

const id = (name: string): string => pg.escapeIdentifier(name);
