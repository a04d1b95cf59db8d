/**
 * How much goes on in projects' databases for the platform, and for how long: the bounds, whatever sessions are. A place
 * is one of its login's; who finds all taken waits in a line that is bounded, too. What is over its time is ended with
 * its session, and whatever it runs with that.
 */
import { Unavailable } from '../../application/errors.ts';
import { SqlFailed } from '../../application/ports/project-sql.ts';
import type {
  TenantConnection,
  TenantConnections,
  TenantWork,
} from '../../application/ports/tenant-connections.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';

export interface TenantBounds {
  /** of one login of a project: sessions at work */
  readonly perLogin: number;
  /** and what may wait for them */
  readonly waiting: number;
  /** of all logins together, at work or waiting */
  readonly atOnce: number;
  readonly waitMs: number;
  readonly workMs: number;
}

/** The pooler gives a login 5 sessions: more would wait there, where nobody sees it. */
export const TENANT_BOUNDS: TenantBounds = {
  perLogin: 5,
  waiting: 45,
  atOnce: 1_000,
  waitMs: 5_000,
  workMs: 30_000,
};

export interface TenantSession extends TenantConnection {
  /** @param timeMs what each statement may take at most, here and in {@link commit} */
  begin(timeMs: number): Promise<void>;
  commit(timeMs: number): Promise<void>;
  rollback(): Promise<void>;
  /** to whoever comes next, or to its end at once, with what it runs */
  release(how: 'kept' | 'ended'): void;
}

/** The sessions of one login of a project. */
export interface TenantSessions {
  /** Waits for one, within its own bound. @throws {LoginRefused} @throws {Unavailable} */
  take(): Promise<TenantSession>;
  /** Those that nobody has, now; the others as they are given back. */
  end(): Promise<void>;
}

/** The password is not, or no longer, that login's, or there is no such login or entry: what is known of it is old. */
export class LoginRefused extends Unavailable {}

/** @throws {Rejection} @throws {Refused} see {@link TenantConnections.with} */
export type OpenSessions = (project: ProjectId, login: string) => Promise<TenantSessions>;

interface Tenant {
  readonly key: string;
  readonly project: ProjectId;
  readonly sessions: Promise<TenantSessions>;
  /** tells those who wait for a session that there will be none */
  readonly forgotten: PromiseWithResolvers<never>;
}

export class BoundedTenantConnections implements TenantConnections {
  readonly #open: OpenSessions;
  readonly #bounds: TenantBounds;
  readonly #tenants = new Map<string, Tenant>();
  readonly #ending = new Set<Promise<unknown>>();
  /** at work or waiting, by login */
  readonly #under = new Map<string, number>();
  #atOnce = 0;

  constructor(open: OpenSessions, bounds: TenantBounds = TENANT_BOUNDS) {
    this.#open = open;
    this.#bounds = bounds;
  }

  async with<T>(
    project: ProjectId,
    login: string,
    work: (connection: TenantConnection) => Promise<T>,
    { timeMs = this.#bounds.workMs, signal }: TenantWork = {},
  ): Promise<T> {
    const attempted = `work in ${project} as ${login}`;
    const leave = this.#enter(`${project} ${login}`, attempted);
    const limits = new Limits(attempted, Math.min(timeMs, this.#bounds.workMs), signal);
    try {
      return await inTransaction(await this.#session(project, login, limits), limits, work);
    } finally {
      limits.dispose();
      leave();
    }
  }

  forget(project: ProjectId): void {
    for (const [key, tenant] of this.#tenants) if (tenant.project === project) this.#drop(key, tenant);
  }

  async close(): Promise<void> {
    for (const [key, tenant] of this.#tenants) this.#drop(key, tenant);
    await Promise.all(this.#ending);
  }

  /** @throws {Unavailable} there is no room, not even to wait */
  #enter(key: string, attempted: string): () => void {
    const { perLogin, waiting, atOnce } = this.#bounds;
    const mine = this.#under.get(key) ?? 0;
    if (mine >= perLogin + waiting || this.#atOnce >= atOnce)
      throw new Unavailable(`${attempted}: too much is waiting for it already`);
    return this.#count(key);
  }

  #count(key: string): () => void {
    this.#under.set(key, (this.#under.get(key) ?? 0) + 1);
    this.#atOnce++;
    return () => {
      this.#atOnce--;
      const left = (this.#under.get(key) ?? 1) - 1;
      if (left === 0) this.#under.delete(key);
      else this.#under.set(key, left);
    };
  }

  /** What was known may have changed: then it is looked at once more. */
  async #session(project: ProjectId, login: string, limits: Limits): Promise<TenantSession> {
    const key = `${project} ${login}`;
    const wasKnown = this.#tenants.has(key);
    const tenant = this.#tenant(key, project, login);
    try {
      return await this.#take(tenant, limits);
    } catch (error) {
      if (!(error instanceof LoginRefused)) throw error;
      const isStill = this.#tenants.get(key) === tenant;
      if (isStill) this.#drop(key, tenant);
      // what was looked up just now says the same again
      if (isStill && !wasKnown) throw error;
      return await this.#take(this.#tenant(key, project, login), limits);
    }
  }

  #tenant(key: string, project: ProjectId, login: string): Tenant {
    const known = this.#tenants.get(key);
    if (known) return known;
    const forgotten = Promise.withResolvers<never>();
    forgotten.promise.catch(() => {});
    const tenant = { key, project, sessions: this.#open(project, login), forgotten };
    this.#tenants.set(key, tenant);
    // what was not there, or refused, is asked for again by whoever comes next
    tenant.sessions.catch(() => {
      if (this.#tenants.get(key) === tenant) this.#tenants.delete(key);
    });
    return tenant;
  }

  #take({ key, sessions, forgotten }: Tenant, limits: Limits): Promise<TenantSession> {
    const taken = sessions.then((some) => some.take());
    // nobody is there any more to have it; until it came, it is one that waits
    const late = () => {
      const leave = this.#count(key);
      void taken
        .then((session) => session.release('kept'))
        .catch(() => {})
        .finally(leave);
    };
    return limits.within(Promise.race([taken, forgotten.promise]), { mostMs: this.#bounds.waitMs, late });
  }

  #drop(key: string, tenant: Tenant): void {
    if (this.#tenants.get(key) === tenant) this.#tenants.delete(key);
    tenant.forgotten.reject(new LoginRefused(`work in ${tenant.project}: its logins have changed`));
    const ending = tenant.sessions
      .then((sessions) => sessions.end())
      .catch(() => {})
      .finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }
}

/** the SQLSTATE of a statement that was ended because of its time */
const CANCELLED = '57014';

interface Waiting {
  /** less than all of the time */
  readonly mostMs?: number;
  readonly late?: () => void;
}

/** The time of one piece of work, and whoever waits for it. */
class Limits {
  readonly #attempted: string;
  readonly #endsAt: number;
  readonly #signal: AbortSignal | undefined;
  readonly #stopped = Promise.withResolvers<never>();
  readonly #timer: NodeJS.Timeout;
  readonly #timeMs: number;
  readonly #abort = () => this.#stop(new Unavailable(`${this.#attempted}: nobody waits for it any more`));
  over = false;

  constructor(attempted: string, timeMs: number, signal: AbortSignal | undefined) {
    this.#attempted = attempted;
    this.#endsAt = performance.now() + timeMs;
    this.#signal = signal;
    this.#stopped.promise.catch(() => {});
    this.#timeMs = timeMs;
    this.#timer = setTimeout(() => this.#stop(this.tooLong()), timeMs);
    signal?.addEventListener('abort', this.#abort, { once: true });
    if (signal?.aborted) this.#abort();
  }

  get leftMs(): number {
    return Math.max(1, Math.round(this.#endsAt - performance.now()));
  }

  /** PostgreSQL, which was given what was left of the time, may say so first. */
  tookTooLong(error: unknown): boolean {
    return error instanceof SqlFailed && error.code === CANCELLED && performance.now() >= this.#endsAt;
  }

  tooLong(): Unavailable {
    return new Unavailable(`${this.#attempted}: it takes longer than ${this.#timeMs} ms`);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#abort);
  }

  /** @param late called when it has no result in time, or none at all */
  async within<T>(work: Promise<T>, { mostMs, late }: Waiting = {}): Promise<T> {
    const { promise: slow, reject } = Promise.withResolvers<never>();
    const tooSlow = () => reject(new Unavailable(`${this.#attempted}: no session within ${mostMs} ms`));
    const timer = mostMs === undefined ? undefined : setTimeout(tooSlow, mostMs);
    work.catch(() => {});
    try {
      return await Promise.race([work, slow, this.#stopped.promise]);
    } catch (error) {
      late?.();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #stop(why: Unavailable): void {
    this.over = true;
    this.#stopped.reject(why);
  }
}

async function inTransaction<T>(
  session: TenantSession,
  limits: Limits,
  work: (connection: TenantConnection) => Promise<T>,
): Promise<T> {
  let open = true;
  const connection: TenantConnection = {
    query: async (text, values) => {
      if (!open) throw new Unavailable('use a connection after its work was over');
      return session.query(text, values);
    },
  };
  try {
    await limits.within(session.begin(limits.leftMs));
    const result = await limits.within(work(connection));
    open = false;
    await limits.within(session.commit(limits.leftMs));
    session.release('kept');
    return result;
  } catch (error) {
    open = false;
    const rolledBack =
      !limits.over &&
      (await limits.within(session.rollback()).then(
        () => true,
        () => false,
      ));
    session.release(rolledBack ? 'kept' : 'ended');
    throw limits.tookTooLong(error) ? limits.tooLong() : error;
  }
}
