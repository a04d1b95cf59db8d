/**
 * Tells operators which of what they look at has changed. The log is listened to, and what it does not tell of is looked at now and
 * then: once for all who follow, and only while somebody does.
 */
import { pause } from '../background/pause.ts';
import { reasonOf } from '../errors.ts';
import type { Position } from '../ports/event-store.ts';
import type { StreamWatch } from '../stream-watch.ts';
import type { OperatedPlatform } from './operated-platform.ts';
import { changedBy, OPERATOR_VIEWS, type OperatorView } from './operator-views.ts';
import { parkedEvents } from './parked-events.ts';
import { viewsNow } from './platform-state.ts';

export interface PlatformWatchOptions {
  /** whoever is told asks again: a busy log is told of this often */
  readonly restMs: number;
  /** as often as processes tell what they do in the background */
  readonly lookEveryMs: number;
}

export interface PlatformWatchDependencies {
  readonly watch: Pick<StreamWatch, 'listen'>;
  /** waits, bounded, until the views show everything up to there */
  readonly waitForViews: (position: Position) => Promise<void>;
  readonly looks: Looks;
}

type Look = () => Promise<unknown>;
export type Looks = Readonly<Partial<Record<OperatorView, Look>>>;

/** What changes without an event of the log. */
export const looksAt = (platform: OperatedPlatform): Looks => ({
  capacity: () => platform.dataPlane.room(),
  pools: () => platform.dataPlane.pools(),
  'data-apis': () => platform.dataPlane.dataApis(),
  views: () => viewsNow(platform),
  parked: () => parkedEvents(platform.views, undefined),
  background: () => platform.tasks.read(),
});

const OFTEN: PlatformWatchOptions = { restMs: 1_000, lookEveryMs: 5_000 };

export class PlatformWatch {
  readonly #dependencies: PlatformWatchDependencies;
  readonly #options: PlatformWatchOptions;
  readonly #followers = new Set<Changes>();
  #watching: AbortController | undefined;

  constructor(dependencies: PlatformWatchDependencies, options: PlatformWatchOptions = OFTEN) {
    this.#dependencies = dependencies;
    this.#options = options;
  }

  /**
   * What may have changed, in the order of {@link OPERATOR_VIEWS}: at first all, since nobody knows what the one who comes has seen. Who
   * is slow to take it gets it at once, not in turn.
   */
  async *follow(signal: AbortSignal): AsyncGenerator<readonly OperatorView[], void, undefined> {
    const changes = new Changes();
    changes.add(OPERATOR_VIEWS);
    this.#enter(changes);
    try {
      for (;;) {
        await changes.some(signal);
        if (signal.aborted) return;
        yield changes.take();
      }
    } finally {
      this.#leave(changes);
    }
  }

  #enter(changes: Changes): void {
    this.#followers.add(changes);
    if (this.#watching) return;
    this.#watching = new AbortController();
    const { signal } = this.#watching;
    void this.#followLog(signal);
    for (const view of OPERATOR_VIEWS) {
      const look = this.#dependencies.looks[view];
      if (look) void this.#lookAt(view, look, signal);
    }
  }

  #leave(changes: Changes): void {
    this.#followers.delete(changes);
    if (this.#followers.size > 0) return;
    this.#watching?.abort();
    this.#watching = undefined;
  }

  #tell(views: Iterable<OperatorView>): void {
    const told = [...views];
    for (const changes of this.#followers) changes.add(told);
  }

  async #followLog(signal: AbortSignal): Promise<void> {
    const heard = new Changes();
    let last: Position = 0n;
    const end = this.#dependencies.watch.listen((events) => {
      for (const event of events) {
        heard.add(changedBy(event));
        last = event.position;
      }
    });
    for (;;) {
      await heard.some(signal);
      if (signal.aborted) return end();
      const changed = heard.take();
      // one that does not come so far is told of, too: that is what its operator wants to see
      await this.#dependencies.waitForViews(last).catch(() => {});
      this.#tell(changed);
      await pause(this.#options.restMs, signal);
    }
  }

  /** What cannot be looked at has changed when that is new, or why. */
  async #lookAt(view: OperatorView, look: Look, signal: AbortSignal): Promise<void> {
    let before: string | undefined;
    while (!signal.aborted) {
      const now = await look().then(fingerprint, (error: unknown) => `unknown: ${reasonOf(error)}`);
      if (before !== undefined && now !== before) this.#tell([view]);
      before = now;
      await pause(this.#options.lookEveryMs, signal);
    }
  }
}

/** What nobody was told of yet. */
class Changes {
  readonly #views = new Set<OperatorView>();
  #wake: () => void = () => {};

  add(views: Iterable<OperatorView>): void {
    for (const view of views) this.#views.add(view);
    this.#wake();
  }

  /** Waits until there is something, or the signal aborts. */
  async some(signal: AbortSignal): Promise<void> {
    if (this.#views.size > 0 || signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#wake = () => {
        signal.removeEventListener('abort', this.#wake);
        resolve();
      };
      signal.addEventListener('abort', this.#wake, { once: true });
    });
  }

  take(): readonly OperatorView[] {
    const taken = OPERATOR_VIEWS.filter((view) => this.#views.has(view));
    this.#views.clear();
    return taken;
  }
}

const fingerprint = (seen: unknown): string =>
  JSON.stringify(seen, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
