import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import type { EsdbLog } from './esdb-log.ts';

/** The most that the real server takes as one message, and as its `--max-append-size`. */
export const MOST_MESSAGE_BYTES = 16_767_216;

/** What a test can break; each of them stays until it is taken back. */
export interface Faults {
  /** the connections die when an append arrives: before it is written, or when it is and nobody was told */
  dropAppends?: 'before' | 'after' | undefined;
  /** the call that appends share fails when one arrives: before it is written, or when it is */
  failBatches?: 'before' | 'after' | undefined;
  /** no call is answered any more; the connection stays */
  hang?: boolean;
  /** reads with a filter find nothing for ever, as in a log that is too long to look through */
  hangFilteredReads?: boolean;
  /** reads stop in the middle, after so many events */
  stallReadsAfter?: number | undefined;
  /** reads take so long over each event */
  slowReadsMs?: number | undefined;
  /** subscriptions are confirmed and then say nothing, also those that are open */
  silent?: boolean;
  /** subscriptions are not even confirmed */
  unconfirmed?: boolean;
  /** another node leads: who asks for the leader is sent there */
  leader?: { readonly host: string; readonly port: number } | undefined;
  /** an append is not looked at: the server starts, or has too much to do, or there is no leader */
  notHandled?:
    'Server Is Not Ready' | 'Server Is Too Busy' | 'No leader info available in response' | undefined;
  /** the gossip tells of no node */
  noMembers?: boolean;
  /** whoever asks may not */
  accessDenied?: boolean;
  /** an append that was written before is told no position, as by servers before 21.10 */
  repeatsHaveNoPosition?: boolean;
}

/** What the calls of a server share. */
export interface Serving {
  readonly log: EsdbLog;
  readonly faults: Faults;
  /** `--max-append-size` of the real server */
  readonly maxAppendBytes: number;
  /** after how long an append that is never written is answered; 2 to 3 s on a real server */
  readonly commitTimeoutMs: number;
  /** false: it has been started a moment ago */
  readonly ready: boolean;
  /** how often each was called so far; a subscription counts as a read too */
  readonly calls: { read: number; append: number; batchAppend: number; subscribe: number };
  /** how often the call that appends share was opened */
  batchCalls: number;
  /** events sent to readers so far, and events that were looked at for them */
  sent: number;
  scanned: number;
  /** what a test looks at: the headers of the last call */
  headers: Metadata | undefined;
  dropConnections(): void;
}

/** An error as the real server gives it: the client reads the kind from the trailers. */
export function refusal(
  code: status,
  details: string,
  exception?: string,
  more: Record<string, string> = {},
): Partial<ServiceError> {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries({ ...(exception && { exception }), ...more })) {
    metadata.set(key, value);
  }
  return { code, details, metadata };
}

/** Why a call is refused before it is looked at: this node does not lead and the leader was asked for, for one. */
export function refusedUnread(
  { ready, faults: { leader, accessDenied } }: Serving,
  metadata: Metadata,
): Partial<ServiceError> | undefined {
  if (!ready) return refusal(status.UNAVAILABLE, 'Server Is Not Ready');
  if (accessDenied) return refusal(status.PERMISSION_DENIED, 'Access Denied', 'access-denied');
  if (!leader || metadata.get('requires-leader')[0] !== 'true') return undefined;
  return refusal(status.NOT_FOUND, 'Leader info available', 'not-leader', {
    'leader-endpoint-host': leader.host,
    'leader-endpoint-port': String(leader.port),
  });
}

export const streamDeleted = (stream: string): Partial<ServiceError> =>
  refusal(status.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, 'stream-deleted', {
    'stream-name': stream,
  });
