/**
 * Keeps as many spare projects ready as there shall be. One is made at a time, when nobody waits for anything else and there
 * is room for more than it; those that are behind the template, old or too many are given up.
 */
import { projectLimit, type Capacity } from '../../domain/platform/capacity.ts';
import {
  DEFAULT_DATA_API_SETTINGS,
  type DataApiSettings,
  type GivenUpBecause,
  type ProcessName,
  type ProjectEventType,
} from '../../domain/project/events.ts';
import { projectDecider } from '../../domain/project/project-decider.ts';
import { projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import type { ProjectCommand, ProjectStatus } from '../../domain/project/project.ts';
import type { ServerName } from '../../domain/project/server-name.ts';
import { BackOff } from '../background/back-off.ts';
import { handle } from '../handle.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';
import type { Migrations } from '../ports/migrations.ts';
import type { Secrets } from '../ports/secrets.ts';
import type { Turns } from '../ports/turns.ts';
import { loadProject } from '../project/load-project.ts';

export interface ListedSpare {
  readonly id: ProjectId;
  readonly status: ProjectStatus;
  /** the process under way */
  readonly process: ProcessName | null;
  readonly templateVersion: number;
  readonly dataApi: DataApiSettings;
  readonly createdAt: Date;
}

export interface SpareKeeperDependencies {
  readonly store: EventStore;
  readonly ids: Ids;
  readonly clock: Clock;
  readonly secrets: Pick<Secrets, 'issue' | 'seal'>;
  readonly migrations: Pick<Migrations, 'latestVersion'>;
  /** that new projects take for the last place, too */
  readonly turns: Turns;
  readonly capacity: (server: ServerName, places: number) => Promise<Capacity>;
  /** spares of which anything may stand, the oldest first, by a read model: only where to look */
  readonly listed: () => Promise<readonly ListedSpare[]>;
  readonly serverOf: (project: ProjectId) => Promise<ServerName>;
  readonly somebodyWaits: () => Promise<boolean>;
  readonly servers: readonly ServerName[];
  /** on each of them; 0: those that there are are given up */
  readonly wanted: number;
}

/** its keys are as old as it is */
const OLDEST_MS = 7 * 24 * 3_600_000;
/** one that cannot be prepared: the next one fails likewise */
const AFTER_FAILURE = { firstMs: 30_000, longestMs: 3_600_000 };
/** the last place of a server is for who asks for one */
const PLACES_LEFT = 2;

type Placed = ListedSpare & { readonly server: ServerName };

export class SpareKeeper {
  readonly #dependencies: SpareKeeperDependencies;
  readonly #failures = new BackOff(AFTER_FAILURE);
  #notBeforeMs = -Infinity;
  /** whether the look before saw that one is missing */
  #lacking = false;
  /** the one that was requested last, until it is ready, or gone */
  #coming: ProjectId | undefined;

  constructor(dependencies: SpareKeeperDependencies) {
    this.#dependencies = dependencies;
  }

  /** Once over all of them. Idempotent. */
  async look(): Promise<void> {
    const { listed, serverOf } = this.#dependencies;
    const spares = await Promise.all(
      (await listed()).map(async (one) => ({ ...one, server: await serverOf(one.id) })),
    );
    const ends = this.#superfluous(spares);
    for (const [{ id }, because] of ends) await this.#command(id, { kind: 'GiveUpSpare', because });
    if (ends.length === 0) await this.#refill(spares);
  }

  /** Of those that are ready, or on their way to it, which go and why. */
  #superfluous(spares: readonly Placed[]): readonly (readonly [Placed, GivenUpBecause])[] {
    const { wanted } = this.#dependencies;
    const standing = spares.filter(isStanding);
    const useless = standing.flatMap((one) => {
      const because = this.#uselessness(one);
      return because ? [[one, because] as const] : [];
    });
    if (useless.length > 0) return useless;
    const surplus = [...Map.groupBy(standing, ({ server }) => server).values()].flatMap((there) =>
      there.slice(wanted),
    );
    if (surplus.length > 0) return surplus.map((one) => [one, 'surplus']);
    // one by one, so that there are others meanwhile
    const oldest = spares.every(({ status }) => status === 'spare') ? spares[0] : undefined;
    return oldest && this.#ageOf(oldest) > OLDEST_MS ? [[oldest, 'age']] : [];
  }

  #uselessness({ templateVersion, dataApi }: Placed): GivenUpBecause | undefined {
    if (templateVersion < this.#dependencies.migrations.latestVersion) return 'template';
    const asNew = JSON.stringify(dataApi) === JSON.stringify(DEFAULT_DATA_API_SETTINGS);
    return asNew ? undefined : 'settings';
  }

  #ageOf = ({ createdAt }: Placed): number => this.#dependencies.clock.now().getTime() - createdAt.getTime();

  async #refill(spares: readonly Placed[]): Promise<void> {
    const { servers, wanted, clock, somebodyWaits } = this.#dependencies;
    // one that is under way ends first; one that is suspended tells that the next one fares no better
    if ((await this.#isComing(spares)) || spares.some(({ status }) => status !== 'spare')) return;
    const has = (server: ServerName) => spares.filter((one) => one.server === server).length;
    const server = servers.toSorted((a, b) => has(a) - has(b)).find((one) => has(one) < wanted);
    // whoever has just taken one works with it now: it is not the moment to begin another
    const wasLacking = this.#lacking;
    this.#lacking = server !== undefined;
    if (server === undefined || !wasLacking || clock.elapsedMs() < this.#notBeforeMs) return;
    if (!(await somebodyWaits())) await this.#requestOn(server);
  }

  /** The read model may not show it yet. */
  async #isComing(spares: readonly Placed[]): Promise<boolean> {
    const { store, clock } = this.#dependencies;
    const id = this.#coming;
    if (id === undefined || spares.some((one) => one.id === id)) return false;
    const loaded = await loadProject(store, id);
    if (loaded?.project.run?.process === 'prepare-spare') return true;
    const failed = loaded?.history.some(({ type }) => type === FAILED) ?? false;
    if (failed) this.#notBeforeMs = clock.elapsedMs() + this.#failures.next();
    else this.#failures.reset();
    this.#coming = undefined;
    return false;
  }

  async #requestOn(server: ServerName): Promise<void> {
    const { ids, secrets, migrations, turns, capacity } = this.#dependencies;
    const id = ids.projectId();
    const command = {
      kind: 'RequestSpare',
      projectId: id,
      templateVersion: migrations.latestVersion,
      server,
      secrets: secrets.seal(id, await secrets.issue()),
      dataApi: DEFAULT_DATA_API_SETTINGS,
    } as const;
    await turns.take('capacity', async () => {
      const there = await capacity(server, PLACES_LEFT);
      if (projectLimit(there) - there.used < PLACES_LEFT) return;
      await this.#command(id, command);
      this.#coming = id;
    });
  }

  async #command(id: ProjectId, command: ProjectCommand): Promise<void> {
    const actor = { kind: 'process', id: 'keep-spares' } as const;
    const reason = 'so many spare projects shall stand ready';
    const metadata = { correlationId: this.#dependencies.ids.uuid(), causationId: null, actor, reason };
    await handle(this.#dependencies, projectDecider, projectStream(id), command, metadata);
  }
}

const FAILED: ProjectEventType = 'SpareLost';

const isStanding = ({ status, process }: ListedSpare): boolean =>
  status === 'spare' || (status === 'provisioning' && process === 'prepare-spare');
