/** What an append comes to, by what the log holds already: the same rules in every store that decides itself. */
import { Conflict, EventIdReused, type ExpectedRevision } from '../../application/ports/event-store.ts';
import type { AppendRequest } from './postgres/append-request.ts';
import type { EncodedEvent } from './codec/event-codec.ts';

/** An event of the log that has the id of one that is to be appended. */
export interface Namesake {
  readonly revision: number;
  /** same stream, type, version and data; metadata is about the attempt, that of the first one stays */
  readonly same: boolean;
}

/**
 * @param last the stream's last revision, -1 when there is no such stream
 * @returns the last revision that this very append wrote before; undefined when it is to be written now
 * @throws {Conflict} @throws {EventIdReused}
 */
export function repeatedAppend(
  { stream, expected, events }: AppendRequest,
  last: number,
  namesakeOf: (event: EncodedEvent) => Namesake | undefined,
): number | undefined {
  const conflict = () => new Conflict(stream, expected, last < 0 ? 'none' : last);
  const namesakes = events.map(namesakeOf);
  const nth = namesakes.findIndex((namesake) => namesake !== undefined);
  if (nth < 0) {
    if (!fits(expected, last)) throw conflict();
    return undefined;
  }
  const first = (namesakes[nth]?.revision ?? 0) - nth;
  const whole = namesakes.every((namesake, index) => namesake?.same && namesake.revision === first + index);
  if (!whole) throw new EventIdReused(events[nth]?.id ?? '');
  // a stream that this append itself began exists since then
  if (expected !== 'exists' && !fits(expected, first - 1)) throw conflict();
  return first + events.length - 1;
}

/** @param last the stream's last revision, -1 when there is no such stream */
export function fits(expected: ExpectedRevision, last: number): boolean {
  if (expected === 'any') return true;
  if (expected === 'none') return last < 0;
  return expected === 'exists' ? last >= 0 : last === expected;
}
