/** What operators did that no other stream tells of. */
import { OPERATOR_USE_STREAM, type OperatorUseEvent } from '../../domain/operator/operator-use.ts';
import { appendSettled } from '../handle.ts';
import { EventIdReused, type EventMetadata, type EventStore } from '../ports/event-store.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';

type Recorder = { readonly store: EventStore; readonly ids: Ids };

const HOUR_MS = 3_600_000;

/** @param id makes it a fact that happens once */
export async function recordUse(
  { store, ids }: Recorder,
  { type, data }: OperatorUseEvent,
  metadata: EventMetadata,
  id: string = ids.uuid(),
): Promise<void> {
  await appendSettled(store, OPERATOR_USE_STREAM, 'any', [{ id, type, data, metadata }]);
}

/** Records reading: by each token once an hour, in whatever process, so that the log does not fill with looks. */
export class RecordedReads {
  readonly #dependencies: Recorder & { readonly clock: Pick<Clock, 'now'> };
  /** the hour in which each token was recorded last by this process, and whether that is written */
  readonly #hours = new Map<string, { readonly hour: number; readonly written: Promise<void> }>();

  constructor(dependencies: Recorder & { readonly clock: Pick<Clock, 'now'> }) {
    this.#dependencies = dependencies;
  }

  async read(tokenId: string, metadata: EventMetadata): Promise<void> {
    const hour = Math.floor(this.#dependencies.clock.now().getTime() / HOUR_MS);
    const known = this.#hours.get(tokenId);
    if (known?.hour === hour) return known.written;
    const written = this.#write(tokenId, hour, metadata);
    this.#hours.set(tokenId, { hour, written });
    await written.catch((error: unknown) => {
      this.#hours.delete(tokenId);
      throw error;
    });
  }

  async #write(tokenId: string, hour: number, metadata: EventMetadata): Promise<void> {
    const id = this.#dependencies.ids.uuidFor(`operator-token-used ${tokenId} ${hour}`);
    try {
      await recordUse(this.#dependencies, { type: 'OperatorTokenUsed', data: { tokenId } }, metadata, id);
    } catch (error) {
      // another process has recorded it
      if (!(error instanceof EventIdReused)) throw error;
    }
  }
}
