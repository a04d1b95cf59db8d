/** The files of projects in the schema `storage` of each project's own database, worked on as its login `storage`. */
import type { TenantConnections } from '../../application/ports/tenant-connections.ts';
import type {
  StorageCaller,
  StorageDirectory,
  StorageOperation,
  StorageRows,
} from '../../application/ports/storage-directory.ts';
import { StorageError } from '../../application/storage/storage-error.ts';
import { PROJECT_LOGIN, type ProjectId } from '../../domain/project/project-id.ts';
import { bucketRows } from './bucket-rows.ts';
import { JudgedSql, refusedRole, translated } from './judged-sql.ts';
import { multipartRows } from './multipart-rows.ts';
import { objectRows } from './object-rows.ts';
import { ProjectLines } from './project-lines.ts';

const LOGIN = 'storage';
/** What an owner has hung on these tables, and their policies, may take so long. */
const WORK_MS = 20_000;
/** PostgreSQL is the first to say that it was too long, and nothing was done then */
const EARLIER_MS = 2_000;
/** little more than a login's sessions: whoever is next is ready when one comes free, and the others wait here, where there is time */
const AT_ONCE = 10;
const WAIT_MS = 25_000;
const LOGINS = new RegExp(PROJECT_LOGIN);

export class PgStorageDirectory implements StorageDirectory {
  readonly #connections: TenantConnections;
  readonly #workMs: number;
  readonly #lines = new ProjectLines(AT_ONCE, WAIT_MS);

  constructor(connections: TenantConnections, workMs = WORK_MS) {
    this.#connections = connections;
    this.#workMs = workMs;
  }

  async as<T>(
    project: ProjectId,
    caller: StorageCaller,
    operation: StorageOperation,
    work: (rows: StorageRows) => Promise<T>,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<T> {
    requireRole(caller.role);
    const options = { timeMs: this.#workMs, ...(signal && { signal }) };
    try {
      return await this.#lines.within(project, signal, () =>
        this.#connections.with(
          project,
          LOGIN,
          async (connection) => {
            const sql = new JudgedSql(connection, caller, operation, this.#workMs - EARLIER_MS);
            const working = work(rowsOf(sql));
            working.catch(() => {});
            // where the role is refused all else fails, for no reason of its own
            await sql.settings.catch((error: unknown) => {
              throw refusedRole(error, caller.role);
            });
            return working;
          },
          options,
        ),
      );
    } catch (error) {
      throw translated(error);
    }
  }
}

/** `none` would be the login itself. Which others there are, and are for callers, PostgreSQL says. */
function requireRole(role: string): void {
  if (role === '' || role === 'none' || LOGINS.test(role))
    throw new StorageError('AccessDenied', `role "${role}" is not for callers`);
}

const rowsOf = (sql: JudgedSql): StorageRows => ({
  buckets: bucketRows(sql),
  objects: objectRows(sql.asCaller),
  uploads: multipartRows(sql.asCaller),
  unjudged: { objects: objectRows(sql.asService) },
});
