/**
 * What the sessions of all projects share and PostgreSQL bounds for all of them together only: the table of locks, and
 * transaction ids. Whoever takes more of it than is good for the others loses their sessions within a second, and those
 * who go on their login for a while. Looked at twice a second, by a session that needs nothing of it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '../../application/ports/log.ts';
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

export type SharedThing = 'locks' | 'transaction ids' | 'temporary files' | 'notifications';

export interface SharedLimitsOptions {
  readonly server: PostgresServer;
  readonly log: Log;
  readonly onEnded?: (over: SharedThing) => void;
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
const LOOKS_BEFORE_FILES = 10;

export class SharedLimits {
  readonly #options: SharedLimitsOptions;
  readonly #look: PinnedLook;
  readonly #offenders: Offenders;
  readonly #stopping = new AbortController();
  #watching: readonly Promise<void>[] = [];
  #tableSize: number | undefined;
  #before: SeenServer | undefined;
  #busyLooks = 0;

  constructor(options: SharedLimitsOptions) {
    this.#options = options;
    this.#look = new PinnedLook(options.server.sessionConfig());
    this.#offenders = new Offenders(options.server);
  }

  start(everyMs: number): void {
    this.#watching = [
      this.#watch(everyMs, () => this.enforce()),
      // on its own: it may have to wait
      this.#watch(everyMs * LOOKS_BEFORE_FILES, () => this.enforceFiles()),
    ];
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#watching);
    await this.#look.close();
  }

  /** Ends sessions that are over a limit. @returns the logins whose they were. @throws when it cannot look */
  async enforce(): Promise<readonly string[]> {
    await this.#look.open();
    this.#tableSize ??= await lockTableSize(this.#options.server);
    const seen = await this.#look.sessions();
    const over = overLocks(seen.sessions, this.#tableSize);
    await this.#look.end(over.map(({ pid }) => pid));
    // with the table full it would not get hold of anything again
    if (sumOfLocks(seen.sessions) < this.#tableSize / 2) await this.#look.refresh();
    const takers = await this.#takersOfIds(seen);
    const locking = new Set(over.map(({ login }) => login));
    for (const login of locking) await this.#offended(login, 'locks');
    for (const login of takers) await this.#offended(login, 'transaction ids');
    return [...locking, ...takers];
  }

  /** As {@link enforce}, for what grows more slowly and takes more to look at. */
  async enforceFiles(bounds: FileBounds = FILE_BOUNDS): Promise<readonly string[]> {
    const { server, log } = this.#options;
    const files = await overTemporaryFiles(server, bounds);
    const queue = await overQueue(server, bounds);
    await endSessions(server, [...files, ...queue]);
    for (const login of files) await this.#offended(login, 'temporary files');
    for (const login of queue) await this.#offended(login, 'notifications');
    const reset = await resetSettings(server);
    if (reset.length > 0)
      log.warn({ roles: reset }, 'settings of roles were reset: too large, or of shared roles');
    return [...files, ...queue];
  }

  /** Their sessions were ended for it; who did it before is held. */
  async #offended(login: string, over: SharedThing): Promise<void> {
    const { log, onEnded } = this.#options;
    onEnded?.(over);
    const heldMs = await this.#offenders.offended(login).catch((error: unknown) => {
      log.warn({ login, err: error }, 'could not hold a login');
      return 0;
    });
    log.warn({ login, over, heldMs }, 'sessions were ended: they took too much of what all projects share');
  }

  /** PostgreSQL counts for no session how many it took: whose is the newest, time after time, is the one who takes them. */
  async #takersOfIds(seen: SeenServer): Promise<readonly string[]> {
    const before = this.#before;
    this.#before = seen;
    if (!before) return [];
    const { xidsASecond = XIDS_A_SECOND } = this.#options;
    const perSecond = (xidsBetween(before.next, seen.next) / (seen.atMs - before.atMs)) * 1000;
    this.#busyLooks = perSecond > xidsASecond ? this.#busyLooks + 1 : 0;
    if (this.#busyLooks < LOOKS_IN_A_ROW) return [];
    const times = new Map<ProjectId, SeenTransaction[]>();
    let last = seen.next;
    for (let sample = 0; sample < SAMPLES; sample++) {
      const [newest] = await this.#look.transactions();
      // it has only kept its id since the look before
      if (!newest || xidsBetween(last, newest.xid) <= 0) continue;
      last = newest.xid;
      if (!newest.login) continue;
      times.set(projectOfLogin(newest.login), [...(times.get(projectOfLogin(newest.login)) ?? []), newest]);
    }
    const [most = []] = [...times.values()].sort((one, other) => other.length - one.length);
    if ((most.length / SAMPLES) * perSecond < xidsASecond / 2) return [];
    await this.#look.end([...new Set(most.map(({ pid }) => pid))]);
    return [...new Set(most.flatMap(({ login }) => login ?? []))];
  }

  async #watch(everyMs: number, look: () => Promise<unknown>): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await look().catch((error: unknown) =>
        this.#options.log.debug({ err: error }, 'could not look at what projects share'),
      );
      await sleep(everyMs, undefined, { signal, ref: false }).catch(() => {});
    }
  }
}

/** The largest ones of projects that have more than their share; and of whomever, when little is left for all. */
export function overLocks(sessions: readonly SeenSession[], tableSize: number): readonly SeenSession[] {
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

/** What PostgreSQL sets aside for; the memory that is over lets it grow somewhat further. */
async function lockTableSize(server: PostgresServer): Promise<number> {
  const { rows } = await server.administer('ask for the size of the lock table', (client) =>
    client.query<{ size: number }>(
      `SELECT current_setting('max_locks_per_transaction')::int
         * (current_setting('max_connections')::int + current_setting('max_prepared_transactions')::int) AS size`,
    ),
  );
  if (!rows[0]) throw new Error('no size');
  return rows[0].size;
}
