import { z } from 'zod';
import type { ProjectFiles, TakenByFiles } from '../../application/ports/project-files.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { InternalClient } from './internal-client.ts';

const taken = z.object({ files: z.number(), bytes: z.number() });
const removed = z.object({ done: z.boolean() });

/** Through the storage service, which has the store. */
export class RemoteProjectFiles implements ProjectFiles {
  readonly #service: InternalClient;

  constructor(service: InternalClient) {
    this.#service = service;
  }

  async removeAll(project: ProjectId, signal: AbortSignal): Promise<void> {
    // it does as much as one request has time for
    for (let done = false; !done;) {
      signal.throwIfAborted();
      ({ done } = await this.#service.ask('POST', `/files/${project}/remove`, removed, { signal }));
    }
  }

  taken(project: ProjectId, signal: AbortSignal): Promise<TakenByFiles> {
    return this.#service.ask('GET', `/files/${project}`, taken, { signal });
  }
}
