/**
 * What the sessions of all projects share and PostgreSQL bounds for all of them together only: the table of locks,
 * transaction ids, and how many sessions there are. Whoever takes more of it than is good for the others loses their sessions within a second, and those
 * who go on their login for a while. Looked at twice a second, by a session that needs nothing of it.
 */
import type { Log } from '../../application/ports/log.ts';
import { roomForProjects } from '../../domain/platform/capacity.ts';
import { projectOfLogin, type ProjectId } from '../../domain/project/project-id.ts';
import { Offenders } from './offenders.ts';
import {
  PinnedLook,
  xidsBetween,
  type SeenServer,
  type SeenSession,
  type SeenTransaction,
} from './pinned-look.ts';
import type { PostgresServer } from './postgres-server.ts';
import { resetSettings } from './role-settings.ts';
import { FILE_BOUNDS, overQueue, overTemporaryFiles, type FileBounds } from './shared-files.ts';
import { overShare } from './shared-sessions.ts';

export type SharedThing = 'locks' | 'sessions' | 'transaction ids' | 'temporary files' | 'notifications';

export interface SharedLimitsOptions {
  readonly server: PostgresServer;
  readonly log: Log;
  readonly onEnded?: (over: SharedThing) => void;
  /** of a project, which nobody takes from it */
  readonly sessionShare: number;
  /** of all, before it is looked whose they are; of a project half as many. Default: 20,000 */
  readonly xidsASecond?: number;
}

/** of the lock table */
const SHARE_OF_PROJECT = 1 / 4;
const SHARE_OF_ALL = 3 / 4;
const XIDS_A_SECOND = 20_000;
/** A loop over some thousand rows that catches errors is nobody's concern. */
const LOOKS_IN_A_ROW = 5;
const SAMPLES = 40;

export class SharedLimits {
  readonly #options: SharedLimitsOptions;
  readonly #look: PinnedLook;
  readonly #offenders: Offenders;
  #sizes: ServerSizes | undefined;
  /** told to end, and not gone yet */
  #leaving: ReadonlySet<number> = new Set();
  #before: SeenServer | undefined;
  #busyLooks = 0;

  constructor(options: SharedLimitsOptions) {
    this.#options = options;
    this.#look = new PinnedLook(options.server.sessionConfig());
    this.#offenders = new Offenders(options.server);
  }

  /** Its own session ends. */
  async close(): Promise<void> {
    await this.#look.close();
  }

  /** Ends sessions that are over a limit. @returns the logins whose they were. @throws when it cannot look */
  async enforce(): Promise<readonly string[]> {
    // anew, it may be a server that was started again with other ones
    if (await this.#look.open()) this.#sizes = undefined;
    const { locks, room } = (this.#sizes ??= await sizesOf(this.#options.server));
    const crowding = await this.#makeRoom(room);
    const seen = await this.#look.sessions();
    const over = overLocks(seen.sessions, locks);
    await this.#look.end(over.map(({ pid }) => pid));
    // with the table full it would not get hold of anything again
    if (sumOfLocks(seen.sessions) < locks / 2) await this.#look.refresh();
    const takers = await this.#takersOfIds(seen);
    const locking = new Set(over.map(({ login }) => login));
    for (const login of crowding) this.#offended(login, 'sessions', this.#options.sessionShare);
    for (const login of locking) this.#offended(login, 'locks');
    for (const login of takers) this.#offended(login, 'transaction ids');
    await this.#holdOffenders();
    return [...crowding, ...locking, ...takers];
  }

  async #makeRoom(room: number): Promise<ReadonlySet<string>> {
    const open = await this.#look.openSessions(room);
    const staying = open.filter(({ pid }) => !this.#leaving.has(pid));
    const over = overShare(staying, room, this.#options.sessionShare);
    await this.#look.end(over.map(({ pid }) => pid));
    const leaving = open.filter(({ pid }) => this.#leaving.has(pid));
    this.#leaving = new Set([...leaving, ...over].map(({ pid }) => pid));
    return new Set(over.map(({ login }) => login));
  }

  /** As {@link enforce}, for what grows more slowly and takes more to look at. */
  async enforceFiles(bounds: FileBounds = FILE_BOUNDS): Promise<readonly string[]> {
    const { server, log } = this.#options;
    const files = await overTemporaryFiles(server, bounds);
    const queue = await overQueue(server, bounds);
    await endSessions(server, [...files, ...queue]);
    for (const login of files) this.#offended(login, 'temporary files');
    for (const login of queue) this.#offended(login, 'notifications');
    await this.#holdOffenders();
    const reset = await resetSettings(server);
    if (reset.length > 0)
      log.warn({ roles: reset }, 'settings of roles were reset: too large, or of shared roles');
    return [...files, ...queue];
  }

  /** Their sessions were ended for it; who did it before is held, with so many left to them. */
  #offended(login: string, over: SharedThing, sessions = 0): void {
    const { log, onEnded } = this.#options;
    onEnded?.(over);
    const heldMs = this.#offenders.offended(login, sessions);
    log.warn({ login, over, heldMs }, 'sessions were ended: they took too much of what all projects share');
  }

  /** The table of locks is full until the sessions that were told to end have ended: then at the next look. */
  async #holdOffenders(): Promise<void> {
    await this.#offenders.holdAll().catch((error: unknown) => {
      this.#options.log.warn({ err: error }, 'could not hold a login yet');
    });
  }

  async #takersOfIds(seen: SeenServer): Promise<readonly string[]> {
    const before = this.#before;
    this.#before = seen;
    if (!before) return [];
    const { xidsASecond = XIDS_A_SECOND } = this.#options;
    const perSecond = (xidsBetween(before.next, seen.next) / (seen.atMs - before.atMs)) * 1000;
    this.#busyLooks = perSecond > xidsASecond ? this.#busyLooks + 1 : 0;
    if (this.#busyLooks < LOOKS_IN_A_ROW) return [];
    const takers = await this.#sampleTakers(seen);
    // of these samples' own time: who takes them may rest just now, and who is seen then has not taken theirs
    const seconds = (performance.now() - seen.atMs) / 1000;
    const [most] = [...takers.values()].sort((one, other) => other.ids - one.ids);
    if (!most || most.ids / seconds < xidsASecond / 2) return [];
    await this.#look.end([...new Set(most.seen.map(({ pid }) => pid))]);
    return [...new Set(most.seen.flatMap(({ login }) => login ?? []))];
  }

  /** PostgreSQL counts for no session how many it took: what was given out since the last sample counts for whose is the newest. */
  async #sampleTakers({ next }: SeenServer): Promise<ReadonlyMap<ProjectId, TakerOfIds>> {
    const takers = new Map<ProjectId, TakerOfIds>();
    let last = next;
    for (let sample = 0; sample < SAMPLES; sample++) {
      const [newest] = await this.#look.transactions();
      const taken = newest ? xidsBetween(last, newest.xid) : 0;
      // it has only kept its id since the look before
      if (!newest || taken <= 0) continue;
      last = newest.xid;
      if (!newest.login) continue;
      const project = projectOfLogin(newest.login);
      const { ids, seen } = takers.get(project) ?? { ids: 0, seen: [] };
      takers.set(project, { ids: ids + taken, seen: [...seen, newest] });
    }
    return takers;
  }
}

interface TakerOfIds {
  readonly ids: number;
  readonly seen: readonly SeenTransaction[];
}

/** The largest ones of projects that have more than their share; and of whomever, when little is left for all. */
function overLocks(sessions: readonly SeenSession[], tableSize: number): readonly SeenSession[] {
  const projectOf = ({ login }: SeenSession) => projectOfLogin(login);
  const held = new Map<ProjectId, number>();
  for (const one of sessions) held.set(projectOf(one), (held.get(projectOf(one)) ?? 0) + one.locks);
  let all = sumOfLocks(sessions);
  return sessions
    .toSorted((one, other) => other.locks - one.locks)
    .filter((one) => {
      const its = held.get(projectOf(one)) ?? 0;
      if (its <= tableSize * SHARE_OF_PROJECT && all <= tableSize * SHARE_OF_ALL) return false;
      held.set(projectOf(one), its - one.locks);
      all -= one.locks;
      return true;
    });
}

const sumOfLocks = (sessions: readonly SeenSession[]): number =>
  sessions.reduce((sum, { locks }) => sum + locks, 0);

const endSessions = (server: PostgresServer, logins: readonly string[]) =>
  server.administer('end sessions that take too much', (client) =>
    client.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = ANY ($1)', [logins]),
  );

interface ServerSizes {
  /** that the table has place for; the memory that is over lets it grow somewhat further */
  readonly locks: number;
  /** for sessions of projects */
  readonly room: number;
}

async function sizesOf(server: PostgresServer): Promise<ServerSizes> {
  const { rows } = await server.administer('ask for the size of the lock table', (client) =>
    client.query<{ size: number }>(
      `SELECT current_setting('max_locks_per_transaction')::int
         * (current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int) AS size`,
    ),
  );
  if (!rows[0]) throw new Error('no size');
  return { locks: rows[0].size, room: roomForProjects(await server.connectionLimits()) };
}
