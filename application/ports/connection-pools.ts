import type { ServerName } from '../../domain/project/server-name.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';

/** What the pooler has to know of a project: its database and the logins that may use it. */
export interface Pool {
  readonly project: ProjectId;
  /** where its database is */
  readonly server: ServerName;
  readonly logins: readonly { readonly name: string; readonly verifier: string }[];
  /** of PostgreSQL's, that all of them hold at most */
  readonly connections: number;
}

/** What goes on in a project's pools, all logins together. */
export interface PoolUsage {
  readonly project: ProjectId;
  readonly clients: { readonly active: number; readonly waiting: number };
  readonly servers: { readonly active: number; readonly idle: number };
  /** of the first client in line */
  readonly maxWaitMs: number;
  /** since the pooler has the entry */
  readonly transactions: number;
}

/** Something that was changed by nobody's wish of ours, as it was seen; it is mended without anybody's doing. */
export interface PoolDrift {
  /** whose entry; undefined: what is the pooler's own */
  readonly project: ProjectId | undefined;
  /** `pool`, or the name of a file */
  readonly what: string;
  readonly actual: string;
  /** resolves when it is as it should be again, if this process lives to see it */
  readonly mended: Promise<void>;
}

/**
 * The pooler's entries. A call returns when they are served. Throws {@link Unavailable} when the pooler is away: what was
 * asked for is made up for as soon as it is back. Throws {@link Refused} when the operator has an entry of that name.
 */
export interface ConnectionPools {
  register(pool: Pool, signal?: AbortSignal): Promise<void>;
  /** Also ends the pooler's connections to the database. */
  unregister(project: ProjectId, signal?: AbortSignal): Promise<void>;
}

/**
 * What only the manager, who keeps the pooler's files, can tell and do. Files are rendered whole from all pools,
 * renamed into place, reloaded (coalesced) and verified by SHOW DATABASES before a call returns.
 */
export interface ManagedConnectionPools extends ConnectionPools {
  /** false: no pooler on this machine; the methods do nothing and projects connect directly */
  readonly enabled: boolean;
  /** Tells all desired pools at once, at start; nothing else is served afterwards. */
  restore(pools: readonly Pool[]): Promise<void>;
  /** Those that are served exactly as they were registered, and unknown ones. */
  list(): Promise<readonly ProjectId[]>;
  /** Of each project that is served. */
  usage(): Promise<readonly PoolUsage[]>;
  onDisturbed(listener: (drift: PoolDrift) => void): void;
  /** Ends the pooler if this process runs it; the entries stay. */
  stop(): Promise<void>;
}
