import { join } from 'node:path';
import { ensureSocketFolder } from '../process/socket-folder.ts';
import type { TestFolder } from './folder.ts';
import type { Doors } from '../pgbouncer/pgbouncer-files.ts';

/** Of a pooler that somebody else runs: all is reached by TCP. */
export const TCP_ALONE: Doors = { addresses: ['127.0.0.1'], clientsFrom: ['127.0.0.1/32'] };

/** Of one that is our child: with a socket as well, which is the only way to its console. */
export async function childDoors(
  { path, user }: TestFolder,
  containers?: { readonly gateway: string; readonly subnet: string },
): Promise<Doors & { readonly socketFolder: string }> {
  const socketFolder = join(path, 'socket');
  await ensureSocketFolder(socketFolder, user, user);
  if (!containers) return { ...TCP_ALONE, socketFolder };
  return { socketFolder, addresses: [containers.gateway], clientsFrom: [containers.subnet] };
}
