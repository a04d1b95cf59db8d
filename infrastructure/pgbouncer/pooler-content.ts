/** What our part of each of the pooler's files says. */
import type { Pool } from '../../application/ports/connection-pools.ts';
import { scramVerifier } from '../crypto/scram.ts';
import { accessFile, poolAccess } from './pgbouncer-access.ts';
import {
  databasesFile,
  entryLine,
  FILES,
  loginLine,
  mainFile,
  userlistFile,
  type Doors,
  type Servers,
} from './pgbouncer-files.ts';

export interface PoolerPlace {
  readonly port: number;
  readonly doors: Doors;
  readonly folder: string;
  /** where the databases of each are */
  readonly servers: Servers;
}

export const ADMIN = 'launchdb_admin';

/** The files in the order in which they are written. */
export function poolerFiles(
  pools: readonly Pool[],
  place: PoolerPlace,
  adminVerifier: string,
): ReadonlyMap<string, string> {
  const logins = [{ name: ADMIN, verifier: adminVerifier }, ...pools.flatMap((pool) => pool.logins)];
  return new Map([
    [FILES.logins, userlistFile(logins)],
    [FILES.access, accessFile(pools, place.doors, ADMIN)],
    [FILES.entries, databasesFile(pools, place.servers)],
    [FILES.main, mainFile({ ...place, adminUser: ADMIN, entries: pools.length })],
  ]);
}

/** A project's lines in those files. */
export const linesOfPool = (pool: Pool, { servers, doors }: PoolerPlace): readonly string[] => [
  entryLine(pool, servers),
  ...pool.logins.map(loginLine),
  ...poolAccess(pool, doors),
];

/** @param list our part of the list of logins: its salt stays, or the file would be another one at every start */
export function verifierOfAdmin(password: string, list: string): Promise<string> {
  const salt = new RegExp(`^"${ADMIN}" "SCRAM-SHA-256\\$\\d+:([^$]+)\\$`, 'm').exec(list)?.[1];
  return scramVerifier(password, ...(salt === undefined ? [] : ([Buffer.from(salt, 'base64')] as const)));
}
