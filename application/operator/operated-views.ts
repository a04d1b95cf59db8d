/** What an operator can do with the views, whatever they are made of. */
import type { ParkedEvent, ViewProgress } from '../background/watched-views.ts';
import type { Position } from '../ports/event-store.ts';

export interface ReplayedView {
  readonly projection: string;
  readonly rows: number;
  readonly events: number;
  /** to what was there; null: there was nothing to compare with */
  readonly equal: boolean | null;
  readonly durationMs: number;
}

export interface ReplayOptions {
  readonly onProgress?: (view: string, progress: ViewProgress) => void;
  readonly signal?: AbortSignal;
}

export interface OperatedViews {
  readonly names: readonly string[];
  /** Builds them again from the log, one after the other, beside those in use. */
  replay(names: readonly string[], options: ReplayOptions): Promise<readonly ReplayedView[]>;
  /** The oldest of them, at most 1000. */
  parked(name: string): Promise<readonly ParkedEvent[]>;
  /** Tries them again, in order; what still fails stays parked. */
  unpark(name: string): Promise<{ readonly written: number; readonly parked: number }>;
  /** How far the furthest of them has come. */
  furthest(): Promise<Position>;
  /** How far each has come. */
  positions(): Promise<readonly { readonly name: string; readonly position: Position }[]>;
}
