/** The logins of a project in PostgreSQL: how they are made of their rows, and whether they are as they have to be. */
import pg from 'pg';
import { Refused } from '../../application/errors.ts';
import type { DatabaseLogin, DatabaseLogins } from '../../application/ports/secrets.ts';
import { databaseName, type ProjectId } from '../../domain/project/project-id.ts';
import {
  roleOf,
  type LoginBounds,
  type LoginRights,
  type ProjectLogin,
} from '../../domain/project/project-logins.ts';
import { retiredMark } from './retired-logins.ts';
import { SHARED_ROLES } from './shared-roles.ts';

/** What is ours says so in its comment. */
export const markOf = (project: ProjectId): string => `launchdb:${project}`;

/** A login that a project has, as it has to be. */
export interface WantedLogin {
  readonly row: ProjectLogin;
  readonly role: string;
  readonly login: DatabaseLogin;
}

export const wantedLogins = (
  table: readonly ProjectLogin[],
  project: ProjectId,
  logins: DatabaseLogins,
): readonly WantedLogin[] =>
  table.flatMap((row) => {
    const login = logins[row.name];
    return login ? [{ row, role: roleOf(project, row), login }] : [];
  });

/** What makes them, to be run in one transaction: a role of ours is always marked. @throws {Refused} one is not ours */
export async function loginStatements(
  client: pg.ClientBase,
  project: ProjectId,
  wanted: readonly WantedLogin[],
  bounds: LoginBounds,
): Promise<readonly string[]> {
  const there = await roleStates(
    client,
    project,
    wanted.map(({ role }) => role),
  );
  return wanted.flatMap((one) => [
    ...madeLogin(project, one, there.get(one.role) ?? 'absent', bounds),
    ...grants(project, one),
  ]);
}

const READ_ONLY = 'default_transaction_read_only';
/** Milliseconds since 1970: until then the login has fewer connections than its bounds say, or none; see offenders.ts. */
export const HELD_UNTIL = 'launchdb.held_until';

function madeLogin(
  project: ProjectId,
  { row, role, login: { verifier } }: WantedLogin,
  found: RoleState,
  bounds: LoginBounds,
): readonly string[] {
  if (found === 'foreign')
    throw new Refused(`the role ${role} exists and is not LaunchDB's; rename or drop it`);
  const isNew = found === 'absent';
  const alter = `ALTER ROLE ${id(role)} IN DATABASE ${id(databaseName(project))}`;
  return [
    `${isNew ? 'CREATE' : 'ALTER'} ROLE ${id(role)} LOGIN NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS ` +
      `CONNECTION LIMIT ${Math.round(row.connections(bounds))} PASSWORD ${pg.escapeLiteral(verifier)}`,
    `COMMENT ON ROLE ${id(role)} IS ${pg.escapeLiteral(markOf(project))}`,
    ...Object.entries(row.settings(bounds)).flatMap(([name, value]) => {
      if (value !== null) return [`${alter} SET ${name} = ${settingText(value)}`];
      return isNew ? [] : [`${alter} RESET ${name}`];
    }),
    ...(isNew ? [] : [`${alter} RESET ${HELD_UNTIL}`]),
  ];
}

const settingText = (value: string | readonly string[]): string =>
  typeof value === 'string' ? pg.escapeLiteral(value) : value.map(id).join(', ');

function grants(project: ProjectId, { row: { rights }, role }: WantedLogin): readonly string[] {
  const { database, shared } = rights;
  return [
    ...(shared ? [`GRANT ${SHARED_ROLES.join(', ')} TO ${id(role)}`] : []),
    `GRANT ${database.join(', ')} ON DATABASE ${id(databaseName(project))} TO ${id(role)}`,
  ];
}

const inSchema = ({ hangs }: LoginRights) =>
  [
    ['TABLES', `SELECT, INSERT, UPDATE, DELETE${hangs ? ', REFERENCES, TRIGGER' : ''}`],
    ['SEQUENCES', 'USAGE, SELECT, UPDATE'],
    ['FUNCTIONS', 'EXECUTE'],
  ] as const;

/** In the project's own database: what is in the schemas of its row, and what a later version puts there. */
export const schemaGrants = ({ row: { rights }, role }: WantedLogin): readonly string[] =>
  rights.schemas.flatMap((schema) => [
    `GRANT USAGE ON SCHEMA ${id(schema)} TO ${id(role)}`,
    ...inSchema(rights).flatMap(([kind, privileges]) => [
      `GRANT ${privileges} ON ALL ${kind} IN SCHEMA ${id(schema)} TO ${id(role)}`,
      `ALTER DEFAULT PRIVILEGES IN SCHEMA ${id(schema)} GRANT ${privileges} ON ${kind} TO ${id(role)}`,
    ]),
  ]);

type RoleState = 'absent' | 'foreign' | 'retired' | 'ours';

async function roleStates(
  client: pg.ClientBase,
  project: ProjectId,
  roles: readonly string[],
): Promise<ReadonlyMap<string, RoleState>> {
  const { rows } = await client.query<{ role: string; mark: string | null }>(
    `SELECT rolname AS role, shobj_description(oid, 'pg_authid') AS mark FROM pg_roles WHERE rolname = ANY ($1)`,
    [roles],
  );
  const stateOf = (mark: string | null): RoleState => {
    if (mark === retiredMark(project)) return 'retired';
    return mark === markOf(project) ? 'ours' : 'foreign';
  };
  return new Map(rows.map(({ role, mark }) => [role, stateOf(mark)]));
}

type LoginStanding = 'absent' | 'as-wanted' | 'different';

/** The text may be anything: an owner can set it, too. */
const HELD = `EXISTS (
  SELECT FROM pg_db_role_setting, unnest(setconfig) setting WHERE setrole = pg_authid.oid
    AND (substring(setting FROM '^launchdb[.]held_until=([0-9]{13})$')::bigint > extract(epoch FROM clock_timestamp()) * 1000))`;

export interface WantedLogins {
  readonly project: ProjectId;
  readonly bounds: LoginBounds;
  readonly logins: readonly WantedLogin[];
}

/**
 * Compared with what {@link loginStatements} makes of them, all in one question. A login's CONNECT and what is set for it there
 * are gone with its database. @returns of projects that want some
 */
export async function loginStandings(
  client: pg.ClientBase,
  projects: readonly WantedLogins[],
): Promise<ReadonlyMap<ProjectId, LoginStanding>> {
  const wanted = projects.flatMap(({ project, bounds, logins }) =>
    logins.map(({ role, row, login: { verifier } }) => ({
      project,
      role,
      verifier,
      most: row.connections(bounds),
      readOnly: row.settings(bounds)[READ_ONLY] === 'on',
    })),
  );
  const { rows } = await client.query<{ project: ProjectId; there: boolean; same: boolean }>(
    `SELECT project, bool_or(pg_authid.oid IS NOT NULL) AS there, bool_and(coalesce(
       rolcanlogin AND NOT (rolinherit OR rolsuper OR rolcreatedb OR rolcreaterole OR rolreplication OR rolbypassrls)
         AND rolpassword = verifier AND (rolconnlimit = most OR rolconnlimit BETWEEN 0 AND most AND ${HELD})
         AND shobj_description(pg_authid.oid, 'pg_authid') = mark
         AND coalesce((SELECT has_database_privilege(pg_authid.oid, d.oid, 'CONNECT') AND read_only = coalesce(
             (SELECT '${READ_ONLY}=on' = ANY (setconfig) FROM pg_db_role_setting
              WHERE setdatabase = d.oid AND setrole = pg_authid.oid), false)
           FROM pg_database d WHERE datname = project), true), false)) AS same
     FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::int[], $7::boolean[])
       AS wanted (project, mark, retired, role, verifier, most, read_only)
     LEFT JOIN pg_authid ON rolname = role AND shobj_description(oid, 'pg_authid') IS DISTINCT FROM retired
     GROUP BY project`,
    [
      wanted.map(({ project }) => databaseName(project)),
      wanted.map(({ project }) => markOf(project)),
      wanted.map(({ project }) => retiredMark(project)),
      wanted.map(({ role }) => role),
      wanted.map(({ verifier }) => verifier),
      wanted.map(({ most }) => most),
      wanted.map(({ readOnly }) => readOnly),
    ],
  );
  return new Map(
    rows.map(({ project, there, same }) => [project, there ? (same ? 'as-wanted' : 'different') : 'absent']),
  );
}

const id = (name: string): string => pg.escapeIdentifier(name);
