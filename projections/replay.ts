import type pg from 'pg';
import type { EventStore } from '../application/ports/event-store.ts';
import type { Projection } from './projection.ts';
import type { ViewProgress } from '../application/background/watched-views.ts';
import { rebuild, type Rebuilt } from './rebuild.ts';

export interface Replayed extends Rebuilt {
  readonly projection: string;
}

export interface ReplayOptions {
  readonly onProgress?: (projection: string, progress: ViewProgress) => void;
  /** ends the replay between two batches; views not yet replaced stay as they are */
  readonly signal?: AbortSignal;
}

/**
 * Rebuilds views from the log, one after another, and says of each whether it equals what was there. Reads
 * events and writes tables: no effect on anything else.
 */
export async function replay(
  projections: readonly Projection[],
  store: Pick<EventStore, 'readAll' | 'head'>,
  pool: pg.Pool,
  { onProgress, signal }: ReplayOptions = {},
): Promise<readonly Replayed[]> {
  const replayed: Replayed[] = [];
  for (const projection of projections) {
    const { name } = projection;
    const rebuilt = await rebuild(projection, store, pool, {
      ...(onProgress && { onProgress: (progress: ViewProgress) => onProgress(name, progress) }),
      ...(signal && { signal }),
    });
    replayed.push({ projection: name, ...rebuilt });
  }
  return replayed;
}
