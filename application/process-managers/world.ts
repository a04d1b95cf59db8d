import { authenticatorRole, ownerRole } from '../../domain/project/project-id.ts';
import type { ExistingProject } from '../../domain/project/project.ts';
import type { ConnectionPools, ManagedConnectionPools, Pool } from '../ports/connection-pools.ts';
import type { DataApi, DataApis, ManagedDataApis } from '../ports/data-apis.ts';
import type { Databases } from '../ports/databases.ts';
import type { Migrations } from '../ports/migrations.ts';
import type { Secrets } from '../ports/secrets.ts';

/** Everything that steps act upon. */
export interface World {
  readonly databases: Databases;
  readonly migrations: Migrations;
  readonly pools: ConnectionPools;
  readonly dataApis: DataApis;
  readonly secrets: Secrets;
  /** gives the project's name free for another one */
  releaseName(project: ExistingProject): Promise<void>;
}

/** What the manager keeps standing. */
export interface ManagedWorld extends Pick<World, 'databases' | 'secrets'> {
  readonly pools: ManagedConnectionPools;
  readonly dataApis: ManagedDataApis;
}

type Sealed = Pick<ExistingProject, 'id' | 'secrets' | 'previousKeys' | 'dataApi'>;

export function poolOf(secrets: Secrets, project: Pick<Sealed, 'id' | 'secrets'>): Pool {
  const { owner, authenticator } = secrets.open(project.id, project.secrets);
  return {
    project: project.id,
    logins: [
      { name: ownerRole(project.id), verifier: owner.verifier },
      { name: authenticatorRole(project.id), verifier: authenticator.verifier },
    ],
  };
}

export function dataApiOf(secrets: Secrets, project: Sealed): DataApi {
  const { jwtSecret, authenticator } = secrets.open(project.id, project.secrets);
  const previous = project.previousKeys;
  return {
    project: project.id,
    authenticatorPassword: authenticator.password,
    jwtSecrets: previous ? [jwtSecret, secrets.open(project.id, previous.secrets).jwtSecret] : [jwtSecret],
    settings: project.dataApi,
  };
}
