/** One transaction in a project's database as one role or another, and what PostgreSQL says there in our words. */
import { Unavailable } from '../../application/errors.ts';
import { SqlFailed } from '../../application/ports/project-sql.ts';
import type { StorageCaller, StorageOperation } from '../../application/ports/storage-directory.ts';
import type { TenantConnection } from '../../application/ports/tenant-connections.ts';
import { StorageError } from '../../application/storage/storage-error.ts';

type Query = TenantConnection['query'];

const SERVICE = 'service_role';
const ROLE = `SELECT pg_catalog.set_config('role', $1, true)`;
const SETTINGS = [
  'request.jwt.claims',
  'request.jwt.claim.sub',
  'request.jwt.claim.role',
  'request.jwt',
  'request.headers',
  'request.method',
  'request.path',
  'storage.operation',
  'storage.allow_delete_query',
  // functions that policies call find what their owners expect them to; this login itself has nothing that they could take
  'search_path',
  'statement_timeout',
];
const SET = `SELECT ${SETTINGS.map((name, index) => `pg_catalog.set_config('${name}', $${index + 2}, true)`).join(', ')},
  pg_catalog.set_config('role', $1, true)`;

/** Lets the statements of a transaction run as the caller, or as the service: PostgreSQL runs them in the order they are asked in. */
export class JudgedSql {
  readonly #sql: TenantConnection;
  readonly #role: string;
  #now: string;
  /** fails when nobody may have the caller's role; then all else does, and this says why */
  readonly settings: Promise<unknown>;

  constructor(sql: TenantConnection, caller: StorageCaller, operation: StorageOperation, timeMs: number) {
    this.#sql = sql;
    this.#role = caller.role;
    this.#now = caller.role;
    this.settings = sql.query(SET, [caller.role, ...settingsOf(caller, operation, timeMs)]);
    this.settings.catch(() => {});
  }

  readonly asCaller: Query = (text, values) => this.#as(this.#role, text, values);
  readonly asService: Query = (text, values) => this.#as(SERVICE, text, values);

  #as<Row extends object>(role: string, text: string, values?: readonly unknown[]) {
    if (role !== this.#now) {
      this.#now = role;
      this.#sql.query(ROLE, [role]).catch(() => {});
    }
    return this.#sql.query<Row>(text, values);
  }
}

function settingsOf({ role, claims, token, request }: StorageCaller, operation: string, timeMs: number) {
  const { sub } = claims;
  return [
    JSON.stringify(claims),
    typeof sub === 'string' ? sub : '',
    role,
    token ?? '',
    JSON.stringify(request.headers),
    request.method,
    request.path,
    operation,
    'true',
    'storage, public, extensions, pg_temp',
    String(timeMs),
  ];
}

/** what an owner has dropped or changed of the schema `storage` */
const LACKS = new Set(['3F000', '42P01', '42703', '42883', '42P10', '42P17', '42804', '428C9']);
/** rows with values so large that nobody can be given them */
const TOO_MUCH = '54000';
/** It was not the statement: the same once more may well do. */
const PASSES = /^(40|53|55P03|57)/;

/** clients know the sentence without it */
const OF_TABLE = /(?<=^new row violates row-level security policy) for table .*/s;

/** What is thrown by work in a project's database. What a trigger of the owner's says is not for strangers. */
export function translated(error: unknown): unknown {
  if (!(error instanceof SqlFailed)) return error;
  const { code, message } = error;
  const told = (...[kind, text]: ConstructorParameters<typeof StorageError>) =>
    new StorageError(kind, text, code);
  if (code === '42501') return told('AccessDenied', message.replace(OF_TABLE, '').slice(0, 300));
  if (code === '23505') return told('ResourceAlreadyExists');
  if (code === '23503') return told('RelatedMissing');
  if (code === '57014') return told('DatabaseTimeout');
  if (code === '25006')
    return told('AccessDenied', 'The database of the project is read only: it is over its size limit');
  if (LACKS.has(code))
    return told(
      'DatabaseError',
      `The database of the project is not as storage needs it, because its owner has changed it: ${message.slice(0, 300)}`,
    );
  if (code === TOO_MUCH)
    return told(
      'DatabaseError',
      'What was asked for has too large values in its rows: ask for fewer, or have their owner make them smaller',
    );
  if (PASSES.test(code)) return new Unavailable('work with the files of a project', error);
  // what it is about may be for its owner's eyes; which kind it is tells them where to look
  return told('DatabaseError', `The database of the project refused this (SQLSTATE ${code})`);
}

/** The caller's role is none that anybody may have. */
export function refusedRole(error: unknown, role: string): unknown {
  if (!(error instanceof SqlFailed) || !['22023', '42501'].includes(error.code)) return translated(error);
  return new StorageError(
    'AccessDenied',
    `role "${role.slice(0, 63)}" does not exist, or is not for callers`,
    error.code,
  );
}
