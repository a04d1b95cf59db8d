/**
 * Effects that have not settled yet: whoever wants to begin another one of their stream waits for all that it has.
 * A time-out, a cancellation or our stop aborts an effect; what it does then is up to its adapter, but it is not forgotten.
 */
import { unlessAborted } from '../background/deadline.ts';

/** Nobody wants the effect any more: it was cancelled, something else goes before it, or we stop. No try has failed. */
export class Abandoned extends Error {}

export interface Effect {
  /** tells it from every other one of its stream */
  readonly key: string;
  /** of the state that it follows from */
  readonly revision: number;
  readonly timeoutMs: number;
  /** when nothing of it runs any more; never rejects */
  readonly settled: Promise<void>;
  abandon(why: string): void;
}

export interface Begun<T> {
  /** what it gives, or why it was aborted, whichever comes first */
  readonly outcome: Promise<T>;
  abort(reason: Error): void;
}

export class EffectsUnderWay {
  readonly #effects = new Map<string, ReadonlySet<Effect>>();

  /** Several, where steps are done at the same time. */
  of(stream: string): readonly Effect[] {
    return [...(this.#effects.get(stream) ?? [])];
  }

  begin<T>(
    stream: string,
    about: Pick<Effect, 'key' | 'revision' | 'timeoutMs'>,
    run: (signal: AbortSignal) => Promise<T>,
  ): Begun<T> {
    const controller = new AbortController();
    const { signal } = controller;
    const abort = (reason: Error) => controller.abort(reason);
    const running = (async () => run(signal))();
    const settled = running.then(
      () => this.#settled(stream, effect),
      () => this.#settled(stream, effect),
    );
    const effect: Effect = { ...about, settled, abandon: (why) => abort(new Abandoned(why)) };
    this.#effects.set(stream, new Set([...this.of(stream), effect]));
    const aborted = () => {
      throw signal.reason as Error;
    };
    return { outcome: unlessAborted(running, signal, aborted), abort };
  }

  /** @param longerThanMs only those that may take longer than this */
  abandonAll(why: string, longerThanMs = 0): void {
    for (const effect of [...this.#effects.values()].flatMap((some) => [...some]))
      if (effect.timeoutMs > longerThanMs) effect.abandon(why);
  }

  #settled(stream: string, effect: Effect): void {
    const others = this.of(stream).filter((one) => one !== effect);
    if (others.length > 0) this.#effects.set(stream, new Set(others));
    else this.#effects.delete(stream);
  }
}
