/**
 * Whom PgBouncer lets in, to which database and from where, in the form of PostgreSQL's pg_hba.conf. Each database has
 * a line that names its own logins, and the console one that names the admin alone; what no line names is refused
 * before a password is asked for. That is also what keeps a login from becoming another in the middle of the exchange
 * (CVE-2026-107350, PgBouncer 1.17 to 1.26.0), which has to begin on a database that there is not.
 */
import type { Pool } from '../../application/ports/connection-pools.ts';
import { databaseName, projectId } from '../../domain/project/project-id.ts';
import { checkedLogin, type Doors } from './pgbouncer-files.ts';

const METHOD = 'scram-sha-256';

export function accessFile(pools: readonly Pool[], doors: Doors, adminUser: string): string {
  const console = doors.socketFolder === undefined ? doors : { ...doors, clientsFrom: [] };
  return [
    ...accessLines('pgbouncer', [adminUser], console),
    ...pools.flatMap((pool) => poolAccess(pool, doors)),
  ].join('');
}

export const poolAccess = ({ project, logins }: Pool, doors: Doors): readonly string[] =>
  accessLines(
    databaseName(projectId(project)),
    logins.map(({ name }) => name),
    doors,
  );

function accessLines(database: string, logins: readonly string[], doors: Doors): readonly string[] {
  const names = logins.map(checkedLogin).join(',');
  const local = doors.socketFolder === undefined ? [] : [`local ${database} ${names} ${METHOD}\n`];
  return [
    ...local,
    ...doors.clientsFrom.map((network) => `host ${database} ${names} ${checkedNetwork(network)} ${METHOD}\n`),
  ];
}

function checkedNetwork(network: string): string {
  if (!/^[0-9a-f.:]+\/\d+$/.test(network)) throw new TypeError('not a network');
  return network;
}
