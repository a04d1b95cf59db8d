/** How many projects there is room for, and who may take the last place. */
import { ContainerModule } from 'inversify';
import type { Endpoint as Address } from '../../application/ports/data-apis.ts';
import { Admissions, type AdmissionDependencies } from '../../application/project/admissions.ts';
import { projectLimit, projectsPerOwner } from '../../domain/platform/capacity.ts';
import { pooledConnections, type ProjectLogin } from '../../domain/project/project-logins.ts';
import { PostgresTurns } from '../../infrastructure/postgres/postgres-turns.ts';
import { POSTGREST_CONNECTIONS } from '../../infrastructure/postgrest/postgrest-config.ts';
import { readCheckpoint } from '../../projections/checkpoints.ts';
import { desiredProjects } from '../../projections/desired-projects/desired-projects.ts';
import { countProjectsInService } from '../../projections/desired-projects/queries.ts';
import { projectList } from '../../projections/project-list/project-list.ts';
import { countStanding } from '../../projections/project-list/queries.ts';
import type { Config } from '../config.ts';
import { serverNamed, type ProjectsServers } from './projects-servers.ts';
import { TOKENS } from './tokens.ts';

const VIEW_WITHIN_MS = 5_000;

/** What a project in service may hold of PostgreSQL's connections. */
export const connectionsOfProject = (pooler: Address | undefined, logins: readonly ProjectLogin[]): number =>
  pooler ? pooledConnections(logins) : POSTGREST_CONNECTIONS;

export const capacityModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.admissions).toResolvedValue(
    (config, pool, servers, capacity, store, checkpoints, spares) => {
      const owned = async (ownerId: string, more: number) => {
        // how far the view is, then what it shows: what it has taken in between counts twice rather than never
        const look = async () => {
          const { position } = await readCheckpoint(pool, projectList.name);
          return { position, seen: await countStanding(pool, ownerId) };
        };
        const [head, most, { position, seen }] = await Promise.all([
          store.head(),
          mostOfOwner(config, servers, capacity),
          look(),
        ]);
        // as for the capacity: an event makes one project at most
        if (seen + Number(head - position) + more <= most) return { owned: seen, most };
        await checkpoints.waitFor(projectList.name, head, VIEW_WITHIN_MS);
        return { owned: await countStanding(pool, ownerId), most };
      };
      return new Admissions({ turns: new PostgresTurns(pool), capacity, owned, spares });
    },
    [
      TOKENS.config,
      TOKENS.platformPool,
      TOKENS.projectsServers,
      TOKENS.capacity,
      TOKENS.store,
      TOKENS.checkpoints,
      TOKENS.sparePlaces,
    ],
  );
  bind(TOKENS.capacity).toResolvedValue(
    (servers, pooler, logins, pool, store, checkpoints) => async (server, places) => {
      const head = await store.head();
      const connections = {
        ...(await serverNamed(servers, server).connectionLimits()),
        perProject: connectionsOfProject(pooler, logins),
      };
      const { position } = await readCheckpoint(pool, desiredProjects.name);
      const used = await countProjectsInService(pool, server);
      // an event brings one project into service at most: far from the limit nobody has to wait for the view
      const most = used + Number(head - position);
      if (most + places <= projectLimit(connections)) return { ...connections, used };
      await checkpoints.waitFor(desiredProjects.name, head, VIEW_WITHIN_MS);
      return { ...connections, used: await countProjectsInService(pool, server) };
    },
    [
      TOKENS.projectsServers,
      TOKENS.pooler,
      TOKENS.projectLogins,
      TOKENS.platformPool,
      TOKENS.store,
      TOKENS.checkpoints,
    ],
  );
});

/** By the places of all servers together; of one that is away nobody knows how many it has. */
async function mostOfOwner(
  { MAX_PROJECTS_PER_OWNER: configured }: Config,
  servers: ProjectsServers,
  capacity: AdmissionDependencies['capacity'],
): Promise<number> {
  if (configured !== undefined) return projectsPerOwner(0, configured);
  const asked = await Promise.allSettled([...servers.keys()].map((server) => capacity(server, 0)));
  const limits = asked.flatMap((one) => (one.status === 'fulfilled' ? [projectLimit(one.value)] : []));
  const failure = asked.find((one) => one.status === 'rejected');
  if (failure && limits.length === 0) throw failure.reason;
  return projectsPerOwner(
    limits.reduce((sum, limit) => sum + limit, 0),
    configured,
  );
}
