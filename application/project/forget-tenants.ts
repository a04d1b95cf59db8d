/** Has connections into projects' databases forgotten as soon as the log says that their logins are others, or gone. */
import type { ProjectEventType } from '../../domain/project/events.ts';
import { projectOfStream } from '../../domain/project/project-id.ts';
import type { EventStore, Subscription } from '../ports/event-store.ts';
import type { TenantConnections } from '../ports/tenant-connections.ts';

const FORGETS: ReadonlySet<string> = new Set([
  'DatabasePasswordRotated',
  // what was opened in between may have been with the one before
  'DatabasePasswordInForce',
  'ProjectPauseRequested',
  'ProjectDeletionRequested',
  'ProjectPurgeRequested',
  'ProjectSuspended',
  'PoolUnregistered',
] satisfies readonly ProjectEventType[]);

export class ForgottenTenants {
  readonly #store: EventStore;
  readonly #connections: Pick<TenantConnections, 'forget'>;
  #subscription: Subscription | undefined;

  constructor(store: EventStore, connections: Pick<TenantConnections, 'forget'>) {
    this.#store = store;
    this.#connections = connections;
  }

  async start(): Promise<void> {
    const after = await this.#store.head();
    this.#subscription = this.#store.subscribe({ name: 'forgotten-tenants', after }, (batch) => {
      for (const { stream, type } of batch.events) {
        const project = FORGETS.has(type) ? projectOfStream(stream) : undefined;
        if (project) this.#connections.forget(project);
      }
      return Promise.resolve();
    });
  }

  async stop(): Promise<void> {
    await this.#subscription?.stop();
  }
}
