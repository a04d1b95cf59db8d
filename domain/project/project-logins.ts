/**
 * The logins that every project has, a row each. Their roles and grants, what bounds and sets them, the pooler's lines,
 * drift, capacity and removal follow from the rows: a login more is a row more, and nothing else names one but what
 * works as it.
 */
import type { Bounds } from './limits.ts';
import type { ProjectId } from './project-id.ts';

export type LoginBounds = Pick<Bounds, 'connections' | 'statementTimeoutS' | 'readOnly'>;

export interface ProjectLogin {
  /** lower-case letters; the role is the project's id, `_` and this */
  readonly name: string;
  /** the version of the template that brought it: a project has it from there on, by its upgrade if need be */
  readonly since: number;
  /** people log in as it, by whichever client they have; default: only programs of ours do */
  readonly forPeople?: true;
  readonly rights: LoginRights;
  /** sessions at once, those that the pooler holds included */
  readonly connections: (bounds: LoginBounds) => number;
  /** by how many connections a project may hold more through the pooler because of it; null: it does not come that way */
  readonly pooled: number | null;
  /** of its sessions in its own database; a list is one of names, null is as the server has it */
  readonly settings: (bounds: LoginBounds) => Readonly<Record<string, string | readonly string[] | null>>;
}

export interface LoginRights {
  /** on the project's own database; there are none on any other one */
  readonly database: readonly ('CONNECT' | 'CREATE' | 'TEMPORARY')[];
  /** may become `anon`, `authenticated` and `service_role` */
  readonly shared: boolean;
  /** schemas of the platform's in which it reads, writes and calls whatever is there, also what comes later */
  readonly schemas: readonly string[];
  /** and may hang triggers and foreign keys on */
  readonly hangs: boolean;
}

/** of one session; unlike the other limits it is not the role's to lift */
const TEMP_FILES = { temp_file_limit: '2GB' } as const;

export const PROJECT_LOGINS: readonly ProjectLogin[] = [
  {
    name: 'owner',
    since: 1,
    forPeople: true,
    rights: { database: ['CONNECT', 'CREATE', 'TEMPORARY'], shared: true, schemas: ['auth'], hangs: true },
    connections: ({ connections }) => connections,
    pooled: 5,
    settings: ({ statementTimeoutS, readOnly }) => ({
      ...TEMP_FILES,
      search_path: ['$user', 'public', 'extensions'],
      statement_timeout: `${Math.round(statementTimeoutS)}s`,
      idle_in_transaction_session_timeout: '60s',
      default_transaction_read_only: readOnly ? 'on' : null,
    }),
  },
  {
    name: 'authenticator',
    since: 1,
    rights: { database: ['CONNECT'], shared: true, schemas: [], hangs: false },
    connections: () => 30,
    pooled: 2,
    settings: () => ({
      ...TEMP_FILES,
      statement_timeout: '8s',
      idle_in_transaction_session_timeout: '30s',
    }),
  },
  {
    name: 'auth',
    since: 12,
    rights: { database: ['CONNECT'], shared: false, schemas: ['auth'], hangs: false },
    connections: () => 10,
    pooled: 2,
    // Users sign in to a project that is over its size limit; its owner may write there, too. Where they are cut off, what
    // a trigger of theirs writes at a sign-up would be the way around it.
    settings: ({ connections }) => ({
      ...TEMP_FILES,
      statement_timeout: '10s',
      idle_in_transaction_session_timeout: '10s',
      default_transaction_read_only: connections === 0 ? 'on' : null,
    }),
  },
  {
    name: 'storage',
    since: 15,
    // what it does it does as whoever asks: it has nothing of its own, and the tables are the owner's
    rights: { database: ['CONNECT'], shared: true, schemas: [], hangs: false },
    connections: () => 10,
    pooled: 2,
    // as auth's: files of a project that is over its size limit can be read and deleted
    settings: ({ connections }) => ({
      ...TEMP_FILES,
      statement_timeout: '10s',
      idle_in_transaction_session_timeout: '10s',
      default_transaction_read_only: connections === 0 ? 'on' : null,
    }),
  },
];

export const roleOf = (id: ProjectId, login: Pick<ProjectLogin, 'name'>): string => `${id}_${login.name}`;

/**
 * Of PostgreSQL's connections, what one login of a project holds at most by the pooler. A REST API that goes straight to
 * PostgreSQL has as many for itself, and its project's entry as many fewer.
 */
export const CONNECTIONS_OF_LOGIN = 5;

/** What a project may hold of PostgreSQL's connections, all of its logins together, by whichever way. */
export const pooledConnections = (logins: readonly ProjectLogin[]): number =>
  logins.reduce((sum, { pooled }) => sum + (pooled ?? 0), 0);
