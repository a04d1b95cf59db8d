/**
 * How many sessions a login may have at the guard. PgBouncer counts all its clients together, so without this one
 * project's could be the last that it takes. The last quarter is for those who have few.
 */
export interface SessionLimits {
  readonly sessions: number;
  readonly sessionsPerLogin: number;
}

const KEPT_SHARE = 0.25;
const FEW = 20;

export class SessionBounds {
  readonly #limits: SessionLimits;
  readonly #byLogin = new Map<string, number>();
  #all = 0;

  constructor(limits: SessionLimits) {
    this.#limits = limits;
  }

  get all(): number {
    return this.#all;
  }

  /** Until what is returned is called; undefined: there is no room. */
  take(login: string): (() => void) | undefined {
    const { sessions, sessionsPerLogin } = this.#limits;
    const mine = this.#byLogin.get(login) ?? 0;
    const open = mine < FEW ? sessions : sessions * (1 - KEPT_SHARE);
    if (mine >= sessionsPerLogin || this.#all >= open) return undefined;
    this.#byLogin.set(login, mine + 1);
    this.#all++;
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      this.#all--;
      const left = (this.#byLogin.get(login) ?? 0) - 1;
      if (left > 0) this.#byLogin.set(login, left);
      else this.#byLogin.delete(login);
    };
  }
}
