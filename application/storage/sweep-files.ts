/**
 * Bytes that no row names: what a crash left between the two, and what owners delete by SQL. They are removed when they are
 * old, and were without a row at two looks that are far apart, so that whoever restores a dump, or rebuilds a table, loses
 * nothing by it. Of a project whose rows cannot be read nothing is removed.
 */
import type { ProjectId } from '../../domain/project/project-id.ts';
import { Rejection } from '../../domain/rejection.ts';
import type { Clock } from '../ports/clock.ts';
import type { Log } from '../ports/log.ts';
import type { ObjectStore, ObjectVersion, StoredVersion, Taken } from '../ports/object-store.ts';
import type { StorageCaller, StorageDirectory } from '../ports/storage-directory.ts';
import type { UploadSpool } from '../ports/upload-spool.ts';
import type { FileUsage } from './file-usage.ts';
import type { StorageProjects } from './storage-project.ts';

export interface SweepFilesDependencies {
  readonly bytes: Pick<ObjectStore, 'projects' | 'remove'>;
  readonly usage: Pick<FileUsage, 'listed'>;
  readonly spool: Pick<UploadSpool, 'removeOlder'>;
  readonly directory: StorageDirectory;
  readonly projects: StorageProjects;
  readonly clock: Clock;
  readonly log: Log;
  /** is told what was removed */
  readonly swept: (what: Taken) => void;
}

export interface SweepTimes {
  /** nobody takes so long from bytes to their row */
  readonly oldMs: number;
  /** between two looks */
  readonly apartMs: number;
  /** between two questions to a database, so that nobody waits for us */
  readonly pauseMs: number;
  /** an upload in parts may take so long */
  readonly uploadMs: number;
}

const HOUR_MS = 60 * 60 * 1000;
const TIMES: SweepTimes = {
  oldMs: 24 * HOUR_MS,
  apartMs: 11 * HOUR_MS,
  pauseMs: 100,
  uploadMs: 24 * HOUR_MS,
};
/** each question looks through all rows of a project */
const ASKED_AT_ONCE = 5_000;
const REMOVED_AT_ONCE = 500;
/** of all projects: more are remembered at a later look */
const MOST_REMEMBERED = 100_000;

/** The service itself, whom policies have no say over. */
export const STORAGE_ITSELF: StorageCaller = {
  role: 'service_role',
  claims: { role: 'service_role' },
  token: undefined,
  request: { method: 'GET', path: '/', headers: {} },
};

/** when they were first seen to have no row, on a clock that nobody sets */
type Rowless = Map<ObjectVersion, number>;

export class SweepFiles {
  readonly #dependencies: SweepFilesDependencies;
  readonly #times: SweepTimes;
  #rowless = new Map<ProjectId, Rowless>();

  constructor(dependencies: SweepFilesDependencies, times: Partial<SweepTimes> = {}) {
    this.#dependencies = dependencies;
    this.#times = { ...TIMES, ...times };
  }

  /** Once over the files of every project. */
  async sweep(signal: AbortSignal): Promise<void> {
    const { bytes, log } = this.#dependencies;
    const met = new Set<ProjectId>();
    for await (const project of bytes.projects(signal)) {
      met.add(project);
      try {
        await this.#sweepProject(project, signal);
      } catch (error) {
        signal.throwIfAborted();
        // it is out of service, or on its way out: then its files are somebody else's to remove
        if (!(error instanceof Rejection))
          log.warn({ project, err: error }, 'could not sweep the files of a project');
      }
    }
    for (const project of this.#rowless.keys()) if (!met.has(project)) this.#rowless.delete(project);
  }

  /** Ends uploads that nobody went on with. */
  async endUploads(signal: AbortSignal): Promise<void> {
    const { spool, clock } = this.#dependencies;
    await spool.removeOlder(new Date(clock.now().getTime() - this.#times.uploadMs), signal);
  }

  async #sweepProject(project: ProjectId, signal: AbortSignal): Promise<void> {
    const { projects, usage, clock } = this.#dependencies;
    await projects.find(project);
    const before = this.#rowless.get(project) ?? new Map<ObjectVersion, number>();
    const now: Rowless = new Map();
    let batch: ObjectVersion[] = [];
    const look = async () => {
      for (const version of await this.#withoutRow(project, batch, signal))
        if (before.has(version) || this.#remembered() + now.size < MOST_REMEMBERED)
          now.set(version, before.get(version) ?? clock.elapsedMs());
      batch = [];
      await clock.sleep(this.#times.pauseMs, signal);
    };
    // to its end, so that they are counted, too
    for await (const stored of usage.listed(project, signal)) {
      if (this.#isOld(stored)) batch.push(stored.version);
      if (batch.length === ASKED_AT_ONCE) await look();
    }
    if (batch.length > 0) await look();
    signal.throwIfAborted();
    this.#rowless.set(project, now);
    // what this look has met first is never removed by it, however long it took
    const seen = [...now.keys()].filter((version) => before.has(version));
    await this.#remove(project, now, seen, signal);
    if (now.size === 0) this.#rowless.delete(project);
  }

  /** @param seen at the look before, too */
  async #remove(
    project: ProjectId,
    rowless: Rowless,
    seen: readonly ObjectVersion[],
    signal: AbortSignal,
  ): Promise<void> {
    const { clock, bytes, swept, log } = this.#dependencies;
    const since = clock.elapsedMs() - this.#times.apartMs;
    const due = seen.filter((version) => (rowless.get(version) ?? Infinity) <= since);
    for (let at = 0; at < due.length; at += REMOVED_AT_ONCE) {
      // once more: a row may have come since
      const batch = await this.#withoutRow(project, due.slice(at, at + REMOVED_AT_ONCE), signal);
      const freed = await bytes.remove(project, batch);
      for (const version of batch) rowless.delete(version);
      swept(freed);
      log.info({ project, ...freed }, 'removed files that no row names');
      await clock.sleep(this.#times.pauseMs, signal);
    }
  }

  /** @throws whatever keeps its rows from being read */
  async #withoutRow(
    project: ProjectId,
    versions: readonly ObjectVersion[],
    signal: AbortSignal,
  ): Promise<ObjectVersion[]> {
    const named = await this.#dependencies.directory.as(
      project,
      STORAGE_ITSELF,
      'storage.object.list',
      ({ objects }) => objects.named(versions),
      { signal },
    );
    return versions.filter((version) => !named.has(version));
  }

  #isOld({ storedAt }: StoredVersion): boolean {
    return this.#dependencies.clock.now().getTime() - storedAt.getTime() > this.#times.oldMs;
  }

  #remembered(): number {
    let all = 0;
    for (const { size } of this.#rowless.values()) all += size;
    return all;
  }
}
