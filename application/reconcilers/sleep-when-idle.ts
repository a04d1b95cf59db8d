/**
 * Puts projects to sleep that nobody has used for a while. What it saw is in memory only: after a start, or when
 * another worker takes over, every project has its whole time again.
 */
import { projectDecider } from '../../domain/project/project-decider.ts';
import { projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import { Rejection } from '../../domain/rejection.ts';
import { handle } from '../handle.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';
import type { Log } from '../ports/log.ts';

/** What one project was used for, as far as anybody can see. */
export interface Use {
  /** of requests and queries so far; only that it changes means something */
  readonly count: number;
  /** something is under way */
  readonly busy: boolean;
}

export interface IdleDependencies {
  readonly store: EventStore;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly log: Log;
  /** projects that are awake and that no process is at work on, by a read model; the project itself decides */
  readonly awake: () => Promise<readonly { readonly projectId: ProjectId; readonly revision: number }[]>;
  /** A project that nobody used so far may be absent. @returns undefined: nobody here can know */
  readonly use: () => Promise<ReadonlyMap<ProjectId, Use> | undefined>;
  readonly idleMs: number;
}

const UNUSED: Use = { count: 0, busy: false };

interface Seen {
  readonly count: number;
  readonly sinceMs: number;
}

export class IdleWatch {
  readonly #dependencies: IdleDependencies;
  #seen = new Map<ProjectId, Seen>();

  constructor(dependencies: IdleDependencies) {
    this.#dependencies = dependencies;
  }

  /** Another worker may have led meanwhile: every project has its whole time again. */
  forget(): void {
    this.#seen = new Map();
  }

  /** Looks at every project once. */
  async look(): Promise<void> {
    const { awake, use, clock, idleMs } = this.#dependencies;
    const candidates = await awake();
    const used = await use();
    if (!used) return;
    const nowMs = clock.elapsedMs();
    // of the others nothing is kept: one that wakes has its whole time again
    const seen = new Map<ProjectId, Seen>();
    for (const { projectId, revision } of candidates) {
      const { count, busy } = used.get(projectId) ?? UNUSED;
      const before = this.#seen.get(projectId);
      const idle = before?.count === count && !busy;
      const sinceMs = idle ? before.sinceMs : nowMs;
      seen.set(projectId, { count, sinceMs });
      const idleForMs = nowMs - sinceMs;
      if (idleForMs < idleMs) continue;
      await this.#sleep(projectId, revision, new Date(clock.now().getTime() - idleForMs));
    }
    this.#seen = seen;
  }

  /** At the revision that was seen: whatever happened to it meanwhile, it is not idle. */
  async #sleep(id: ProjectId, ifRevision: number, idleSince: Date): Promise<void> {
    const { ids, log } = this.#dependencies;
    const actor = { kind: 'process', id: 'sleep-when-idle' } as const;
    const reason = 'nobody uses it';
    const metadata = { correlationId: ids.uuid(), causationId: null, actor, reason };
    const command = { kind: 'SleepProject', idleSince } as const;
    try {
      await handle(this.#dependencies, projectDecider, projectStream(id), command, metadata, { ifRevision });
    } catch (error) {
      if (!(error instanceof Rejection)) log.warn({ project: id, err: error }, 'could not put it to sleep');
    }
  }
}
