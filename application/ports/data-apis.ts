import type { ServerName } from '../../domain/project/server-name.ts';
import type { DataApiRoute, DataApiSettings } from '../../domain/project/events.ts';
import type { Bounds } from '../../domain/project/limits.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { VerifyingKeys } from './secrets.ts';

/** Everything that a project's PostgREST is started with. Never comes from a request. */
export interface DataApi extends VerifyingKeys {
  readonly project: ProjectId;
  /** where its database is */
  readonly server: ServerName;
  readonly authenticatorPassword: string;
  /** tokens signed with any of them are good; the first one signs new ones */
  readonly jwtSecrets: readonly [string, ...string[]];
  readonly settings: DataApiSettings;
  /** to its database; without a pooler there is the direct one alone */
  readonly route: DataApiRoute;
  readonly writes: Bounds['restWrites'];
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
}

/** Where every data API says that it is, in its own document: the door puts what is true in its place. */
export const PLACEHOLDER_URL = 'http://door.launchdb.invalid/rest/v1';

/** What gateways send to projects. */
export interface ProjectTraffic {
  projects(): Iterable<ProjectId>;
  /** so far */
  requests(project: ProjectId): number;
  underWay(project: ProjectId): number;
}

/**
 * One PostgREST a project, as every part of the platform may ask for it. A signal that aborts stops what waits for it;
 * what is half done then, the next call puts right. Throws {@link Unavailable} when it does not
 * get ready in time.
 */
export interface DataApis {
  /** Running and ready with exactly this configuration: adopted, reloaded, replaced or started. */
  ensure(api: DataApi, signal?: AbortSignal): Promise<void>;
  remove(project: ProjectId, signal?: AbortSignal): Promise<void>;
  /**
   * Ends it without cutting anybody off: no new request gets to it from now on, and it ends when those under way
   * have. @returns false: one of them takes long; it is back where it was
   */
  retire(project: ProjectId, signal?: AbortSignal): Promise<boolean>;
  /** Reads the tables again, after DDL. Does nothing when none runs. */
  reloadSchema(project: ProjectId): Promise<void>;
  /** Asks it for its root document through the configured route; resolves when it answered. */
  probe(project: ProjectId, signal?: AbortSignal): Promise<void>;
  /** Where to send requests, or undefined when none runs. In memory: asked for on every request. */
  endpoint(project: ProjectId): Endpoint | undefined;
  /** Only where another process runs them: asks that one now what {@link endpoint} tells afterwards. */
  refresh?(): Promise<void>;
}

/** What only the manager, who runs them, can tell and do. */
export interface ManagedDataApis extends DataApis {
  /** Where to send requests to each that runs. In memory. */
  endpoints(): ReadonlyMap<ProjectId, Endpoint>;
  list(): Promise<readonly ProjectId[]>;
  /** What runs, compared with what is wanted; changes nothing. */
  state(api: DataApi): Promise<DataApiState>;
  /** Tells of an API that ended, or was changed, by nobody's wish of ours. A hint: look what is true. */
  onDisturbed(listener: (project: ProjectId, what: string) => void): void;
  /** Ends what this process runs; what it was started from stays. */
  stop(): Promise<void>;
}

/** `different`: something of the project's name runs, with another configuration or without an answer. */
export type DataApiState = 'as-wanted' | 'different' | 'absent';
