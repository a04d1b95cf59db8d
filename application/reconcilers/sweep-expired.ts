/**
 * What becomes due by the clock alone: deleted projects whose retention is over, keys whose overlap is over, and the
 * logins of purged projects that something of other projects' named.
 */
import { projectDecider } from '../../domain/project/project-decider.ts';
import type { ProjectCommand } from '../../domain/project/project.ts';
import { projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import { Rejection } from '../../domain/rejection.ts';
import { handle } from '../handle.ts';
import type { Clock } from '../ports/clock.ts';
import type { Databases } from '../ports/databases.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';
import type { Log } from '../ports/log.ts';

export interface SweepDependencies {
  readonly store: EventStore;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly log: Log;
  /** by a read model: only where to look; the project itself decides */
  readonly due: (
    now: Date,
  ) => Promise<readonly { readonly projectId: ProjectId; readonly what: 'purge' | 'keys' }[]>;
  /** logins of purged projects that were in use elsewhere */
  readonly databases: Pick<Databases, 'dropRetiredLogins'>;
}

export class Sweep {
  readonly #dependencies: SweepDependencies;

  constructor(dependencies: SweepDependencies) {
    this.#dependencies = dependencies;
  }

  /** Once over everything that is due. Idempotent. */
  async sweep(): Promise<void> {
    const { clock, due, log } = this.#dependencies;
    const now = clock.now();
    for (const { projectId, what } of await due(now)) {
      try {
        if (what === 'keys')
          await this.#command(projectId, { kind: 'RetireKeys', now }, 'the overlap of the keys is over');
        else await this.#command(projectId, { kind: 'PurgeIfDue', now }, 'the retention is over');
      } catch (error) {
        if (!(error instanceof Rejection))
          log.warn({ project: projectId, err: error }, 'could not sweep a project');
      }
    }
    await this.#dependencies.databases.dropRetiredLogins();
  }

  async #command(id: ProjectId, command: ProjectCommand, reason: string): Promise<void> {
    const actor = { kind: 'process', id: 'sweep-expired' } as const;
    const metadata = { correlationId: this.#dependencies.ids.uuid(), causationId: null, actor, reason };
    await handle(this.#dependencies, projectDecider, projectStream(id), command, metadata);
  }
}
