import { projectLimit, type Capacity } from '../../domain/platform/capacity.ts';
import type { ServerName } from '../../domain/project/server-name.ts';

export interface ServerRoom extends Capacity {
  readonly server: ServerName;
  /** how many projects may be in service */
  readonly limit: number;
}

export interface Room {
  readonly servers: readonly ServerRoom[];
  /** those that do not answer */
  readonly away: readonly ServerName[];
}

/** How many projects are in service on each server, and what there is room for. */
export async function roomForProjects(
  servers: readonly ServerName[],
  capacity: (server: ServerName, places: number) => Promise<Capacity>,
): Promise<Room> {
  const asked = await Promise.allSettled(servers.map((server) => capacity(server, 0)));
  const rooms: ServerRoom[] = [];
  const away: ServerName[] = [];
  for (const [at, server] of servers.entries()) {
    const told = asked[at];
    if (told?.status === 'fulfilled') rooms.push({ server, ...told.value, limit: projectLimit(told.value) });
    else away.push(server);
  }
  return { servers: rooms, away };
}
