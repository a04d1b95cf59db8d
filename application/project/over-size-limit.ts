/** What the owner of a project that is over its size limit is told, and when. */
import { boundsOf, type DatabaseFill } from '../../domain/project/limits.ts';
import type { ExistingProject } from '../../domain/project/project.ts';
import { Rejection } from '../../domain/rejection.ts';
import { SqlFailed } from '../ports/project-sql.ts';

type Limited = Pick<ExistingProject, 'limits' | 'fill'>;

const READ_ONLY = '25006';
const CURE =
  'The database is over its size limit. Delete rows (SET TRANSACTION READ WRITE comes first here, SET ' +
  'default_transaction_read_only = off in a session of your own), then VACUUM FULL their tables in a session of your own; ' +
  'TRUNCATE and DROP TABLE need no VACUUM. Or have the operator raise the limit.';

/** For what writes and cannot be made to insist on it. @throws {Rejection} */
export function requireWritable(project: Limited): void {
  requireOwnerLogin(project);
  if (project.fill?.level !== 'read-only') return;
  const cure = 'Delete rows by the REST API or in a session of your own, and VACUUM FULL their tables';
  throw overLimit(`The database is over its size limit, and read only. ${cure}`, project.fill);
}

/** Wherever the owner's login is used. @throws {Rejection} */
export function requireOwnerLogin({ fill }: Limited): void {
  if (fill?.level !== 'cut-off') return;
  const why =
    'it went on growing while it was read only, so its owner is not let in. Wait until it is smaller';
  throw overLimit(`The database is over its size limit: ${why}`, fill);
}

/** PostgreSQL only says that the transaction is read only. */
export function explainReadOnly(error: unknown, project: Limited): unknown {
  if (!(error instanceof SqlFailed) || error.code !== READ_ONLY || !boundsOf(project).readOnly) return error;
  const { code, position, detail, hint } = error;
  return new SqlFailed(error.message, { code, position, detail, hint: hint ?? CURE });
}

const overLimit = (what: string, { bytes, limitBytes }: DatabaseFill): Rejection =>
  new Rejection(
    'project/over-size-limit',
    `${what}, or have the operator raise the limit ("launchdb limits").`,
    { bytes, limit_bytes: limitBytes },
  );
