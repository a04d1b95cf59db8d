/** What those who build views tell those who show how it goes: both know it from here. */
import type { Position } from '../ports/event-store.ts';

/** How far a view that is built again is. */
export interface ViewProgress {
  /** one after the other; reading takes the longest */
  readonly doing: 'waiting for another rebuild' | 'reading' | 'making indexes' | 'comparing';
  /** how far through the log, in places: not all of them need be events */
  readonly done: number;
  readonly total: number;
  /** of this view, taken in so far */
  readonly events: number;
  readonly ratePerSecond: number;
  /** null: not known yet */
  readonly secondsLeft: number | null;
}

/** An event that a view could not take in. */
export interface ParkedEvent {
  readonly position: Position;
  readonly stream: string;
  readonly revision: number;
  readonly type: string;
  readonly reason: string;
  readonly parkedAt: Date;
}
