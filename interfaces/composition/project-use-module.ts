/** How projects are used, as the manager sees it: by what gateways send to them, and by what the pooler counts. */
import { ContainerModule } from 'inversify';
import type { ManagedConnectionPools } from '../../application/ports/connection-pools.ts';
import type { ProjectTraffic } from '../../application/ports/data-apis.ts';
import type { UsageDependencies } from '../../application/reconcilers/sample-usage.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { Config } from '../config.ts';
import type { Traffic } from '../gateway/traffic.ts';
import { RemoteGateways } from '../manager/remote-gateways.ts';
import { restSessions } from '../../infrastructure/postgres/rest-sessions.ts';
import { needs } from './needs.ts';
import type { ProjectsServers } from './projects-servers.ts';
import { TOKENS } from './tokens.ts';

export const projectUseModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.gateways).toResolvedValue(() => new RemoteGateways());
  bind(TOKENS.use).toResolvedValue(
    ...needs(
      {
        config: TOKENS.config,
        pools: TOKENS.managedPools,
        traffic: TOKENS.traffic,
        gateways: TOKENS.gateways,
        servers: TOKENS.projectsServers,
      },
      useOfProjects,
    ),
  );
});

/** Without a pooler and a gateway nobody knows. */
function useOfProjects({
  config: { LAUNCHDB_ROLES },
  pools,
  traffic,
  gateways,
  servers,
}: {
  readonly config: Config;
  readonly pools: ManagedConnectionPools;
  readonly traffic: Traffic;
  readonly gateways: RemoteGateways;
  readonly servers: ProjectsServers;
}): UsageDependencies['use'] {
  const all: readonly ProjectTraffic[] = [traffic, gateways];
  const total = (of: (one: ProjectTraffic) => number) => all.reduce((sum, one) => sum + of(one), 0);
  // what a session has done last is still true when it is gone
  const lastOf = new Map<ProjectId, number>();
  return async () => {
    if (!pools.enabled && !LAUNCHDB_ROLES.includes('gateway') && !gateways.any) return undefined;
    const pooled = new Map((await pools.usage()).map((usage) => [usage.project, usage]));
    const sessions = (await Promise.all([...servers.values()].map(restSessions))).flat();
    const atWork = new Set(sessions.flatMap(({ project, busy }) => (busy ? [project] : [])));
    for (const { project, lastMs } of sessions)
      lastOf.set(project, Math.max(lastMs, lastOf.get(project) ?? 0));
    const used = new Set([...pooled.keys(), ...lastOf.keys(), ...all.flatMap((one) => [...one.projects()])]);
    const useOf = (project: ProjectId) => {
      const { transactions = 0, servers, clients } = pooled.get(project) ?? {};
      const sent = total((one) => one.underWay(project));
      const underWay = sent + (servers?.active ?? 0) + (clients?.waiting ?? 0);
      return {
        count: total((one) => one.requests(project)) + transactions + (lastOf.get(project) ?? 0),
        busy: underWay > 0 || atWork.has(project),
        transactions,
        connections: (servers?.active ?? 0) + (servers?.idle ?? 0),
      };
    };
    return new Map([...used].map((project) => [project, useOf(project)]));
  };
}
