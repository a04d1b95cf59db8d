/**
 * What shall stand of a project, as it says itself: made from its state alone, so whoever asks (a step, a reconciler,
 * the manager) wants the same.
 */
import { TIMEOUT_SINCE_TEMPLATE } from '../../domain/project/decide-project.ts';
import type { DataApiRoute } from '../../domain/project/events.ts';
import { boundsOf } from '../../domain/project/limits.ts';
import { CONNECTIONS_OF_LOGIN, pooledConnections, roleOf } from '../../domain/project/project-logins.ts';
import type { ExistingProject } from '../../domain/project/project.ts';
import type { Pool } from '../ports/connection-pools.ts';
import type { DataApi } from '../ports/data-apis.ts';
import type { WantedStanding } from '../ports/databases.ts';
import type { Secrets } from '../ports/secrets.ts';
import type { World } from './world.ts';

type Sealed = Pick<
  ExistingProject,
  | 'id'
  | 'server'
  | 'secrets'
  | 'previousKeys'
  | 'signingKeys'
  | 'dataApi'
  | 'limits'
  | 'fill'
  | 'templateVersion'
>;

/** from this one on there is something in the database that the REST API can ask whether it may write */
const ASKS_SINCE_TEMPLATE = 6;

/** By which way the project's REST API comes to its database. */
const routeOf = ({ route }: Pick<World, 'route'>, { dataApi }: Pick<Sealed, 'dataApi'>): DataApiRoute =>
  dataApi.route ?? route;

/** Which logins, and within which bounds. */
export const standingOf = (
  { secrets }: Pick<World, 'secrets'>,
  project: Pick<Sealed, 'id' | 'secrets' | 'limits' | 'fill'>,
): WantedStanding => ({
  project: project.id,
  logins: secrets.open(project.id, project.secrets).logins,
  bounds: boundsOf(project),
});

export function poolOf(
  world: Pick<World, 'secrets' | 'logins' | 'route'>,
  project: Pick<Sealed, 'id' | 'secrets' | 'server' | 'dataApi'>,
): Pool {
  const { secrets, logins: table } = world;
  const { logins } = secrets.open(project.id, project.secrets);
  const pooled = table.filter((row) => row.pooled !== null && logins[row.name]);
  const direct = routeOf(world, project) === 'direct';
  return {
    project: project.id,
    server: project.server,
    logins: pooled.flatMap((row) => {
      const verifier = logins[row.name]?.verifier;
      return verifier === undefined ? [] : [{ name: roleOf(project.id, row), verifier }];
    }),
    // of what the capacity counts of it, what its REST API leaves
    connections: direct ? pooledConnections(table) - CONNECTIONS_OF_LOGIN : pooledConnections(pooled),
  };
}

export function dataApiOf(world: Pick<World, 'secrets' | 'route'>, project: Sealed): DataApi {
  const { secrets } = world;
  const { authenticator } = secrets.open(project.id, project.secrets).logins;
  return {
    project: project.id,
    server: project.server,
    authenticatorPassword: authenticator.password,
    ...verifyingKeysOf(secrets, project),
    settings: settingsOf(project),
    route: routeOf(world, project),
    writes: project.templateVersion < ASKS_SINCE_TEMPLATE ? 'all' : boundsOf(project).restWrites,
  };
}

/** A time-out needs something in the database to be asked; it came when the project was asked for it, so it is there. */
const settingsOf = ({ dataApi, templateVersion }: Sealed): DataApi['settings'] => {
  const { statementTimeoutS: _, ...others } = dataApi;
  return templateVersion < TIMEOUT_SINCE_TEMPLATE ? others : dataApi;
};

/** Everything that a token of it may be signed with. */
export function verifyingKeysOf(
  secrets: Secrets,
  {
    id,
    secrets: sealed,
    previousKeys: previous,
    signingKeys,
  }: Pick<Sealed, 'id' | 'secrets' | 'previousKeys' | 'signingKeys'>,
): Pick<DataApi, 'jwtSecrets' | 'publicKeys'> {
  const { jwtSecret } = secrets.open(id, sealed);
  return {
    jwtSecrets: previous ? [jwtSecret, secrets.open(id, previous.secrets).jwtSecret] : [jwtSecret],
    publicKeys: signingKeys.held.map(({ publicKey }) => publicKey),
  };
}
