import {
  beginOf,
  KEPT_MS,
  type Per,
  type ProjectUsage,
  type Sample,
  type Samples,
  type SeenUse,
} from '../../application/ports/project-usage.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';

const PERS: readonly Per[] = ['minute', 'hour'];

interface Kept {
  lastUsedAt: Date | undefined;
  readonly samples: Readonly<Record<Per, Map<number, Sample>>>;
}

/** For tests: passes the same contract as the real one. */
export class InMemoryProjectUsage implements ProjectUsage {
  readonly #kept = new Map<ProjectId, Kept>();

  record(seen: ReadonlyMap<ProjectId, SeenUse>, at: Date): Promise<void> {
    for (const [project, use] of seen) this.#add(project, use, at);
    return Promise.resolve();
  }

  #add(
    project: ProjectId,
    { requests = 0, connections, sizeBytes, isUsed = false }: SeenUse,
    at: Date,
  ): void {
    const kept = this.#kept.get(project) ?? {
      lastUsedAt: undefined,
      samples: { minute: new Map(), hour: new Map() },
    };
    this.#kept.set(project, kept);
    if ((requests > 0 || isUsed) && !(kept.lastUsedAt && kept.lastUsedAt > at)) kept.lastUsedAt = at;
    for (const per of PERS) {
      const begin = beginOf(per, at);
      const before = kept.samples[per].get(begin.getTime());
      const most = Math.max(before?.connections ?? -1, connections ?? -1);
      kept.samples[per].set(begin.getTime(), {
        at: begin,
        requests: (before?.requests ?? 0) + requests,
        connections: most < 0 ? null : most,
        sizeBytes: sizeBytes ?? before?.sizeBytes ?? null,
      });
    }
  }

  samplesOf(project: ProjectId, per: Per, from: Date): Promise<Samples> {
    const all = this.#kept.get(project)?.samples ?? { minute: new Map<never, never>(), hour: new Map() };
    const sorted = (of: Per) => [...all[of].values()].toSorted((a, b) => a.at.getTime() - b.at.getTime());
    const begin = beginOf(per, from);
    const before = sorted('hour').findLast((one) => one.at < begin && one.sizeBytes !== null);
    return Promise.resolve({
      samples: sorted(per).filter((one) => one.at >= begin),
      sizeBefore: before?.sizeBytes ?? null,
    });
  }

  lastUses(projects: readonly ProjectId[]): Promise<ReadonlyMap<ProjectId, Date>> {
    const found = projects.flatMap((project) => {
      const at = this.#kept.get(project)?.lastUsedAt;
      return at ? [[project, at] as const] : [];
    });
    return Promise.resolve(new Map(found));
  }

  projects(): Promise<readonly ProjectId[]> {
    return Promise.resolve([...this.#kept.keys()]);
  }

  forget(projects: readonly ProjectId[]): Promise<void> {
    for (const project of projects) this.#kept.delete(project);
    return Promise.resolve();
  }

  prune(now: Date): Promise<void> {
    for (const { samples } of this.#kept.values()) {
      for (const per of PERS) {
        for (const at of samples[per].keys()) if (now.getTime() - at > KEPT_MS[per]) samples[per].delete(at);
      }
    }
    return Promise.resolve();
  }
}
