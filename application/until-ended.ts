import type { Clock } from './ports/clock.ts';
import type { StreamWatch } from './stream-watch.ts';

/** the longest that a timer can wait */
const LONGEST_WAIT_MS = 2 ** 31 - 1;

/**
 * Resolves when something is no longer good: it is looked at now, after each event of the stream, and when it should be over. What
 * cannot be looked at is not good.
 * @param look until when it is good, as far as is known now; null: for ever; undefined: it is over
 * @param signal ends the waiting
 */
export async function untilEnded(
  { watch, clock }: { readonly watch: StreamWatch; readonly clock: Pick<Clock, 'now'> },
  stream: string,
  look: () => Promise<Date | null | undefined>,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const due = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const lookAgain = async () => {
      clearTimeout(timer);
      const until = await look().catch(() => undefined);
      if (until === undefined) return true;
      if (until === null || signal.aborted) return undefined;
      const leftMs = Math.max(until.getTime() - clock.now().getTime(), 0);
      timer = setTimeout(() => due.abort(), Math.min(leftMs, LONGEST_WAIT_MS));
      return undefined;
    };
    const isOver = await watch.until(stream, lookAgain, AbortSignal.any([signal, due.signal]));
    clearTimeout(timer);
    if (isOver) return;
  }
}
