/**
 * Compares what the log says shall stand (databases, logins, pool entries, REST APIs) with what is there, when something is told
 * to have changed and every now and then. What differs is recorded, repaired, looked at again and recorded as
 * repaired. It has no input but the log and the world, so it may run at any time and as often as it likes.
 */
import {
  POOLER_DRIFT_STREAM,
  poolerDriftDecider,
  type PoolerDriftCommand,
} from '../../domain/platform/pooler-drift.ts';
import { projectDecider } from '../../domain/project/project-decider.ts';
import type { ExistingProject } from '../../domain/project/project.ts';
import { projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import { Refused } from '../errors.ts';
import { inParallel } from '../background/in-parallel.ts';
import { KeyedQueue } from '../background/keyed-queue.ts';
import type { Clock } from '../ports/clock.ts';
import { StreamNotFound, type EventMetadata, type EventStore } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';
import type { Log } from '../ports/log.ts';
import { handle } from '../handle.ts';
import type { PoolDrift } from '../ports/connection-pools.ts';
import type { DatabaseStanding } from '../ports/databases.ts';
import { dataApiOf, poolOf, standingOf } from '../desired/desired-project.ts';
import type { ManagedWorld } from '../desired/world.ts';
import { loadProject } from '../project/load-project.ts';

export interface ReconcilerDependencies {
  readonly store: EventStore;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly log: Log;
  readonly world: ManagedWorld;
  /** projects of which something shall stand, by a read model: only where to look, never what to do */
  readonly desired: () => Promise<readonly Standing[]>;
}

export interface Standing extends Pick<
  ExistingProject,
  'server' | 'secrets' | 'previousKeys' | 'signingKeys' | 'dataApi' | 'limits' | 'fill' | 'templateVersion'
> {
  readonly projectId: ProjectId;
  readonly pool: boolean;
  readonly postgrest: boolean;
}

interface Drift {
  readonly what: 'database' | 'users' | 'pool' | 'data-api';
  readonly expected: string;
  readonly actual: string;
  repair(): Promise<void>;
}

/** What an adapter saw change, and may have mended by itself. */
type Told = Omit<Drift, 'repair'>;

const METADATA: Omit<EventMetadata, 'correlationId'> = {
  causationId: null,
  actor: { kind: 'process', id: 'keep-projects-reachable' },
  reason: 'what stands differs from what shall stand',
};
/** a repair may meet a change of what is wanted: then it is looked at once more */
const LOOKS_AT_ONE = 3;
/** a look at a REST API waits for an answer most of the time */
const LOOKS_AT_ONCE = 2;

export class ProjectReconciler {
  readonly #dependencies: ReconcilerDependencies;
  readonly #stopping = new AbortController();
  readonly #looks = new KeyedQueue<ProjectId>();

  constructor(dependencies: ReconcilerDependencies) {
    this.#dependencies = dependencies;
  }

  start(): void {
    const { dataApis, pools } = this.#dependencies.world;
    dataApis.onDisturbed((project, actual) => {
      void this.check(project, { what: 'data-api', expected: 'running', actual });
    });
    pools.onDisturbed((drift) => {
      const { project, actual, mended } = drift;
      if (!project) return void this.#recordOfPooler(drift);
      void this.check(project, { what: 'pool', expected: 'registered', actual });
      // while the pooler is away there is nothing to look at
      void mended.then(() => this.check(project));
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#looks.allDone();
  }

  /** Looks at everything once. @returns what did not look right, whether or not it could be mended */
  async look(): Promise<readonly ProjectId[]> {
    const { desired, world, log } = this.#dependencies;
    const wanted = await desired();
    const [pools, apis] = [new Set(await world.pools.list()), new Set(await world.dataApis.list())];
    const known = new Set(wanted.map(({ projectId }) => projectId));
    const suspects = new Set([...pools, ...apis].filter((id) => !known.has(id)));
    const standings = await this.#standingsOf(wanted);
    await inParallel(wanted, LOOKS_AT_ONCE, async (row) => {
      const { projectId: id, pool, postgrest } = row;
      const pooled = !world.pools.enabled || pools.has(id) === pool;
      const asWanted = await this.#standsAsWanted(row, standings.get(id)).catch((error: unknown) => {
        log.warn({ project: id, err: error }, 'could not look at a project');
        return false;
      });
      if (!asWanted || !pooled || (!postgrest && apis.has(id))) suspects.add(id);
    });
    for (const project of suspects) await this.check(project);
    return [...suspects];
  }

  /** Of those that can be looked at: whatever keeps one from it is met again where it is looked at alone. */
  async #standingsOf(rows: readonly Standing[]): Promise<ReadonlyMap<ProjectId, DatabaseStanding>> {
    const { world } = this.#dependencies;
    const wanted = rows.flatMap(({ projectId: id, pool, ...row }) => {
      if (!pool) return [];
      try {
        return [standingOf(world, { id, ...row })];
      } catch {
        return [];
      }
    });
    return world.databases.states(wanted).catch((error: unknown) => {
      this.#dependencies.log.warn({ err: error }, 'could not look at databases');
      return new Map<ProjectId, DatabaseStanding>();
    });
  }

  /** @throws it cannot be told: then it is nothing to the other projects */
  async #standsAsWanted(
    { projectId: id, pool, postgrest, ...row }: Standing,
    standing: DatabaseStanding | undefined,
  ): Promise<boolean> {
    const { world } = this.#dependencies;
    if (pool) {
      if (!standing) throw new Error('nothing is known of its database');
      if (standing.database !== 'open' || standing.users !== 'as-wanted') return false;
    }
    return !postgrest || (await world.dataApis.state(dataApiOf(world, { id, ...row }))) === 'as-wanted';
  }

  /**
   * Looks at one project and mends it; one look at a time for each project. Never throws: what cannot be
   * mended now is met again by the next look.
   * @param told what somebody saw; it is recorded even if it is mended by now
   */
  check(project: ProjectId, told?: Told): Promise<void> {
    return this.#looks.run(project, async () => {
      if (this.#stopping.signal.aborted) return;
      await this.#mend(project, told).catch((error: unknown) => {
        this.#dependencies.log.warn({ project, err: error }, 'a project could not be brought back');
      });
    });
  }

  async #mend(id: ProjectId, told?: Told): Promise<void> {
    for (let looks = 0; looks < LOOKS_AT_ONE; looks++) {
      const project = (await loadProject(this.#dependencies.store, id))?.project;
      // a process is at work on it: its steps see to all of this, but for an upgrade's, which must not be noticed
      if (project?.run && project.run.process !== 'upgrade') return;
      const wanted = told?.what === 'pool' ? project?.resources.pool : project?.resources.postgrest;
      // whatever keeps us from looking, it is on record
      if (looks === 0 && told && wanted) {
        await this.#report(id, told);
        continue;
      }
      const found = await this.#driftOf(id, project);
      if (found.length === 0) return this.#reportRepaired(id, project, told);
      await this.#repair(id, project, found);
    }
  }

  /**
   * Only what was seen with the project as it is at this moment: a change that came meanwhile, such as a rotated
   * password, has a process of its own, and a repair by what was true before would take it back.
   */
  async #repair(id: ProjectId, project: ExistingProject | undefined, found: readonly Drift[]): Promise<void> {
    let revision = project?.revision;
    for (const drift of found) {
      if (revision !== undefined) {
        if (revision !== (await this.#revisionOf(id))) return;
        revision = await this.#report(id, drift);
      }
      this.#dependencies.log.warn({ project: id, what: drift.what, actual: drift.actual }, 'drift found');
      if (revision === (await this.#revisionOf(id))) await drift.repair();
    }
  }

  async #revisionOf(id: ProjectId): Promise<number | undefined> {
    const { store } = this.#dependencies;
    const last = store.readStream(projectStream(id), { direction: 'backward', limit: 1 });
    return last.then(
      ([event]) => event?.revision,
      (error: unknown) => {
        if (error instanceof StreamNotFound) return undefined;
        throw error;
      },
    );
  }

  /** What is there and what shall be there; for a project that is unknown to the log nothing shall be there. */
  async #driftOf(id: ProjectId, project: ExistingProject | undefined): Promise<Drift[]> {
    const below = project?.resources.pool ? await this.#databaseDrift(project) : [];
    // without a database there is nothing to put above it
    if (below.some(({ what }) => what === 'database')) return below;
    return [...below, ...(await this.#servingDrift(id, project))];
  }

  /** Of a project in service: one that is not has a closed database, and its next resumption sees to its logins. */
  async #databaseDrift(project: ExistingProject): Promise<Drift[]> {
    const { id } = project;
    const { world } = this.#dependencies;
    const { databases } = world;
    const { logins, bounds } = standingOf(world, project);
    const { database, users } = await databases.state(id, logins, bounds);
    if (database === 'absent' || database === 'foreign') {
      const lost = () =>
        Promise.reject(new Refused(`the database of ${id} is lost; restore it from a backup`));
      return [{ what: 'database', expected: 'open', actual: database, repair: lost }];
    }
    const drifts: Drift[] = [];
    if (database === 'closed') {
      drifts.push({
        what: 'database',
        expected: 'open',
        actual: database,
        repair: () => databases.allowConnections(id),
      });
    }
    // an upgrade begins with them: some may be to come
    if (users !== 'as-wanted' && project.run?.process !== 'upgrade') {
      drifts.push({
        what: 'users',
        expected: 'as made',
        actual: users,
        repair: () => databases.ensureUsers(id, logins, bounds),
      });
    }
    return drifts;
  }

  async #servingDrift(id: ProjectId, project: ExistingProject | undefined): Promise<Drift[]> {
    const { world } = this.#dependencies;
    const { pools, dataApis } = world;
    const drifts: Drift[] = [];
    const pool = project?.resources.pool ?? false;
    const pooled = pools.enabled ? (await pools.list()).includes(id) : pool;
    if (project && pool && !pooled) {
      const repair = () => pools.register(poolOf(world, project));
      drifts.push({ what: 'pool', expected: 'registered', actual: 'absent', repair });
    } else if (!pool && pooled) {
      drifts.push({
        what: 'pool',
        expected: 'absent',
        actual: 'registered',
        repair: () => pools.unregister(id),
      });
    }
    if (project?.resources.postgrest) {
      const api = dataApiOf(world, project);
      const actual = await dataApis.state(api);
      const repair = () => dataApis.ensure(api);
      if (actual !== 'as-wanted') drifts.push({ what: 'data-api', expected: 'running', actual, repair });
    } else if ((await dataApis.list()).includes(id)) {
      drifts.push({
        what: 'data-api',
        expected: 'absent',
        actual: 'running',
        repair: () => dataApis.remove(id),
      });
    }
    return drifts;
  }

  /** @returns the project's revision afterwards */
  #report(id: ProjectId, { what, expected, actual }: Omit<Drift, 'repair'>): Promise<number> {
    return this.#command(id, { kind: 'ReportDrift', what, expected, actual });
  }

  async #reportRepaired(
    id: ProjectId,
    project: ExistingProject | undefined,
    told: Told | undefined,
  ): Promise<void> {
    const open = new Set(project?.drift ?? []);
    if (told) open.add(told.what);
    if (project) for (const what of open) await this.#command(id, { kind: 'ReportRepair', what });
  }

  /** The pooler's own settings are nobody's project's: what befalls them stands in a stream of the platform's. */
  async #recordOfPooler({ what, actual, mended }: PoolDrift): Promise<void> {
    const metadata = { ...METADATA, correlationId: POOLER_DRIFT_STREAM };
    const record = (command: PoolerDriftCommand) =>
      handle(this.#dependencies, poolerDriftDecider, POOLER_DRIFT_STREAM, command, metadata);
    try {
      await record({ kind: 'ReportDrift', what, expected: 'as written', actual });
      await mended;
      await record({ kind: 'ReportRepair', what });
    } catch (error) {
      this.#dependencies.log.warn({ what, err: error }, 'drift of the pooler could not be recorded');
    }
  }

  async #command(id: ProjectId, command: Parameters<typeof projectDecider.decide>[0]): Promise<number> {
    const metadata = { ...METADATA, correlationId: id };
    const stream = projectStream(id);
    return (await handle(this.#dependencies, projectDecider, stream, command, metadata)).revision;
  }
}
