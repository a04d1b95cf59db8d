import type { ProjectId } from '../../domain/project/project-id.ts';

/** What the pooler has to know of a project: its database and the logins that may use it. */
export interface Pool {
  readonly project: ProjectId;
  readonly logins: readonly { readonly name: string; readonly verifier: string }[];
}

/** The pooler's entries. A call returns when they are served. Throws {@link Unavailable} when the pooler is away. */
export interface ConnectionPools {
  register(pool: Pool): Promise<void>;
  /** Also ends the pooler's connections to the database. */
  unregister(project: ProjectId): Promise<void>;
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
  list(): Promise<readonly ProjectId[]>;
  /** Ends the pooler if this process runs it; the entries stay. */
  stop(): Promise<void>;
}
