/** How long an answer to an owner may go on: as long as what proved who they are is good. */
import { LAST, readOrEmpty } from '../../application/handle.ts';
import type { EventStore } from '../../application/ports/event-store.ts';
import type { Clock } from '../../application/ports/clock.ts';
import type { StreamWatch } from '../../application/stream-watch.ts';
import { untilEnded } from '../../application/until-ended.ts';
import { ownerStream } from '../../domain/owner/events.ts';
import type { ProvenOwner } from './owner-endpoint.ts';

export interface OwnerStreams {
  readonly store: EventStore;
  readonly watch: StreamWatch;
  readonly clock: Pick<Clock, 'now'>;
}

/**
 * Resolves when the owner has signed out there or everywhere, the token was revoked or is over, or they are erased.
 * @param prove who they are, once more, by what they sent. @throws {RequestProblem} it is not good any more
 */
export async function untilSignedOut(
  dependencies: OwnerStreams,
  { id, token }: ProvenOwner,
  prove: () => Promise<ProvenOwner>,
  signal: AbortSignal,
): Promise<void> {
  const { store } = dependencies;
  const stream = ownerStream(id);
  const [last] = await readOrEmpty(store, stream, LAST);
  let next = (last?.revision ?? -1) + 1;
  const look = async () => {
    const news = await readOrEmpty(store, stream, { from: next });
    next += news.length;
    // both are recorded before the rows of sessions are changed, and an access token proves itself
    const isOver = news.some(
      ({ type }) => type === 'OwnerErased' || (type === 'OwnerSignedOutEverywhere' && !token),
    );
    return isOver ? undefined : (await prove()).goodUntil;
  };
  await untilEnded(dependencies, stream, look, signal);
}
