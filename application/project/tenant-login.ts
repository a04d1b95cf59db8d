/** Who may work in a project's database, by the log: asked when a session is opened that nobody has opened before. */
import { roleOf } from '../../domain/project/project-logins.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { requireServed } from '../../domain/project/project-status.ts';
import { Refused } from '../errors.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { Secrets } from '../ports/secrets.ts';
import type { TenantLogin } from '../ports/tenant-connections.ts';
import { loadKeptProject } from './load-project.ts';

/**
 * @throws {Rejection} project/not-found, project/not-active
 * @throws {Refused} it has no such login: it is of a later version than its database
 */
export async function tenantLogin(
  { store, secrets }: { readonly store: EventStore; readonly secrets: Secrets },
  id: ProjectId,
  name: string,
): Promise<TenantLogin> {
  const project = await loadKeptProject(store, id);
  requireServed(project);
  const login = secrets.open(id, project.secrets).logins[name];
  if (!login) throw new Refused(`${id} has no login "${name}" yet; an upgrade gives it one`);
  return { role: roleOf(id, { name }), password: login.password };
}
