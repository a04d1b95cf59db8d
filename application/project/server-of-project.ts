/** Where a project's database is, by the first event of its stream. It stays there, so it is asked for once. */
import type { ServerName } from '../../domain/project/server-name.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { Refused } from '../errors.ts';
import type { EventStore } from '../ports/event-store.ts';
import { loadProject } from './load-project.ts';

export type ServerOf = (project: ProjectId) => Promise<ServerName>;

/** more than are in service at a time; whoever is forgotten is asked for again */
const MOST_KNOWN = 10_000;

/** @throws {Refused} the log does not know the project @throws {Unavailable} */
export function serverOfProject(store: EventStore): ServerOf {
  const known = new Map<ProjectId, ServerName>();
  return async (id) => {
    const found = known.get(id) ?? (await loadProject(store, id, { revision: 0 }))?.project.server;
    if (found === undefined) throw new Refused(`there is no ${id}, so it is on no server`);
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(id, found);
    return found;
  };
}
