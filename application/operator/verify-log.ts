import { LogVerification, type Verification } from '../audit-log.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { OperatedViews } from './operated-views.ts';

/** Checks the hash of every event, and whether the log is as long as the views have seen it. */
export async function verifyLog(
  { store, views }: { readonly store: EventStore; readonly views: Pick<OperatedViews, 'furthest'> },
  onProgress: (verified: bigint, head: bigint) => void,
): Promise<Verification> {
  const head = await store.head();
  const verification = new LogVerification(store, () => views.furthest());
  return verification.verify((done) => onProgress(done, head));
}
