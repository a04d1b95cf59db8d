import { readOrEmpty } from './handle.ts';
import type { EventStore, StoredEvent } from './ports/event-store.ts';

/**
 * The last event of a stream, or the last that was recorded by then, alone; empty: there is none. For streams whose events
 * each tell the whole state. It is found by halving, so a long stream costs few reads; where the clock was set back, it
 * is one of those around that time.
 */
export async function lastEvent(
  store: Pick<EventStore, 'readStream'>,
  stream: string,
  at?: Date,
): Promise<readonly StoredEvent[]> {
  const [last] = await readOrEmpty(store, stream, { direction: 'backward', limit: 1 });
  if (!last) return [];
  if (at === undefined || last.recordedAt <= at) return [last];
  let found: readonly StoredEvent[] = [];
  for (let [from, end] = [0, last.revision]; from < end;) {
    const middle = Math.floor((from + end) / 2);
    const [event] = await readOrEmpty(store, stream, { from: middle, to: middle });
    const isBy = event !== undefined && event.recordedAt <= at;
    if (isBy) found = [event];
    [from, end] = isBy ? [middle + 1, end] : [from, middle];
  }
  return found;
}
