import { z } from 'zod';
import type { ConnectionPools, Pool } from '../../application/ports/connection-pools.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { InternalClient } from './internal-client.ts';

const answer = z.object({ project_id: z.string() });

/** The pooler's entries, through the manager: it reads from the log what an entry has to be. */
export class RemoteConnectionPools implements ConnectionPools {
  readonly #manager: InternalClient;

  constructor(manager: InternalClient) {
    this.#manager = manager;
  }

  async register({ project }: Pool, signal?: AbortSignal): Promise<void> {
    await this.#manager.ask('PUT', `/pools/${project}`, answer, { signal });
  }

  async unregister(project: ProjectId, signal?: AbortSignal): Promise<void> {
    await this.#manager.ask('DELETE', `/pools/${project}`, answer, { signal });
  }
}
