/** The platform's own work in projects' databases, through the pooler where there is one. */
import { ContainerModule } from 'inversify';
import type { Endpoint } from '../../application/ports/data-apis.ts';
import { ForgottenTenants } from '../../application/project/forget-tenants.ts';
import { tenantLogin } from '../../application/project/tenant-login.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { BoundedTenantConnections } from '../../infrastructure/pgbouncer/bounded-tenant-connections.ts';
import { pooledTenantSessions } from '../../infrastructure/pgbouncer/pooled-tenant-sessions.ts';
import type { Machine } from './machine.ts';
import { poolerSocket } from './pooler-guard-module.ts';
import { serverNamed } from './projects-servers.ts';
import { needs } from './needs.ts';
import { PARTS, TOKENS } from './tokens.ts';

export const tenantConnectionsModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.tenantConnections).toResolvedValue(
    ...needs(
      {
        machine: TOKENS.machine,
        pooler: TOKENS.pooler,
        servers: TOKENS.projectsServers,
        serverOf: TOKENS.serverOf,
        store: TOKENS.store,
        secrets: TOKENS.secrets,
      },
      ({ machine, pooler, servers, serverOf, store, secrets }) => {
        const placeOf = async (project: ProjectId) =>
          pooler ? ownWay(machine, pooler) : serverNamed(servers, await serverOf(project)).address;
        const login = (project: ProjectId, name: string) => tenantLogin({ store, secrets }, project, name);
        return new BoundedTenantConnections(pooledTenantSessions({ placeOf, login }));
      },
    ),
  );
  bind(PARTS.tenantConnections).toResolvedValue(
    (connections, store) => {
      const forgotten = new ForgottenTenants(store, connections);
      return {
        name: 'tenant-connections',
        start: () => forgotten.start(),
        stop: async () => {
          await forgotten.stop();
          await connections.close();
        },
        stopWithinMs: 5_000,
      };
    },
    [TOKENS.tenantConnections, TOKENS.store],
  );
});

/** Of the platform's own: past the guard, by the socket of a pooler that is our child: what bounds tenants there is not for us. */
export const ownWay = (machine: Machine, { host, port }: Endpoint): Endpoint => ({
  host: machine.pgbouncer === undefined ? host : poolerSocket(machine),
  port,
});
