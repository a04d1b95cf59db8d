import type { DataApiRoute } from '../../domain/project/events.ts';
import type { ProjectLogin } from '../../domain/project/project-logins.ts';
import type { ExistingProject } from '../../domain/project/project.ts';
import type { ConnectionPools, ManagedConnectionPools } from '../ports/connection-pools.ts';
import type { DataApis, ManagedDataApis } from '../ports/data-apis.ts';
import type { Databases } from '../ports/databases.ts';
import type { Migrations } from '../ports/migrations.ts';
import type { ProjectFiles } from '../ports/project-files.ts';
import type { Secrets } from '../ports/secrets.ts';

/** Everything that steps act upon. */
export interface World {
  readonly databases: Databases;
  readonly migrations: Migrations;
  readonly pools: ConnectionPools;
  readonly dataApis: DataApis;
  readonly secrets: Secrets;
  /** the rows of projects' logins */
  readonly logins: readonly ProjectLogin[];
  /** of REST APIs whose owners have not chosen one */
  readonly route: DataApiRoute;
  readonly files: Pick<ProjectFiles, 'removeAll'>;
  /** gives the project's name free for another one */
  releaseName(project: ExistingProject): Promise<void>;
}

/** What the manager keeps standing. */
export interface ManagedWorld extends Pick<World, 'databases' | 'secrets' | 'logins' | 'route'> {
  readonly pools: ManagedConnectionPools;
  readonly dataApis: ManagedDataApis;
}
