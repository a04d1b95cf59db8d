import type { LogServerStanding } from '../../../application/ports/event-store.ts';

/** Who answers, and for how long nobody does: as the calls that are made anyway tell. */
export class LeaderWatch {
  #target: string | undefined;
  #leader: string | undefined;
  #awaySince: number | undefined;
  #lastAwayMs = 0;

  /** @param target as a channel of grpc-js names it, such as `dns:node-1:2113` */
  answered(target: string): void {
    if (target !== this.#target) this.#leader = target.replace(/^(dns|ipv4|ipv6):/, '');
    this.#target = target;
    if (this.#awaySince === undefined) return;
    this.#lastAwayMs = performance.now() - this.#awaySince;
    this.#awaySince = undefined;
  }

  missed(): void {
    this.#awaySince ??= performance.now();
  }

  standing(): LogServerStanding {
    const awayMs = this.#awaySince === undefined ? 0 : performance.now() - this.#awaySince;
    return { leader: this.#leader, awayMs, lastAwayMs: this.#lastAwayMs };
  }
}
