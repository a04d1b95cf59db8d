/**
 * Each event carries sha256(hash of the event before || canonical text of this one), so a change anywhere
 * shows from there on. The same text is built by log.append (0002_log_append.sql).
 */
import { createHash } from 'node:crypto';
import type {
  ChainReport,
  EventCheck,
  EventPlace,
  Position,
} from '../../../application/ports/event-store.ts';
import type { EventRecord } from './event-codec.ts';

/** What the first event is chained to. */
export const GENESIS_HASH = '00'.repeat(32);

/** The text that is hashed: fields that hold no space first, then the free ones, each after its length in bytes. */
function canonicalText(event: Omit<EventRecord, 'hash'>): string {
  const fixed = [event.position, event.revision, event.id, event.version, event.recordedAt.toJSON()];
  const free = [event.stream, event.type, event.data, event.metadata];
  return `${fixed.join(' ')} ${free.map((text) => `${Buffer.byteLength(text)}:${text}`).join('')}`;
}

/** @returns hex */
export function chainHash(previous: string, event: Omit<EventRecord, 'hash'>): string {
  return createHash('sha256').update(Buffer.from(previous, 'hex')).update(canonicalText(event)).digest('hex');
}

/** A page of the log in order, and how far was looked for it. */
export interface ChainPage {
  readonly records: readonly EventRecord[];
  readonly scannedTo: Position;
}

/** Verifies a log page by page. That its end was cut off does not show here: see application/audit-log.ts. */
export async function verifyChain(
  readPage: (after: Position) => Promise<ChainPage>,
  onProgress?: (verified: bigint) => void,
): Promise<ChainReport> {
  let reached: { readonly position: Position; readonly hash: string } = { position: 0n, hash: GENESIS_HASH };
  for (;;) {
    const { records, scannedTo } = await readPage(reached.position);
    for (const record of records) {
      const position = reached.position + 1n;
      const intact = record.position === position && record.hash === chainHash(reached.hash, record);
      if (!intact) return { verified: reached.position, brokenAt: position };
      reached = record;
    }
    if (records.length === 0) {
      // nothing for as long as one read looks, and yet the log goes on behind it
      const hole = scannedTo > reached.position;
      return { verified: reached.position, brokenAt: hole ? reached.position + 1n : null };
    }
    onProgress?.(reached.position);
  }
}

/** @param readPage two events at most, from behind a position on */
export async function verifyEvent(
  readPage: (after: Position) => Promise<Pick<ChainPage, 'records'>>,
  { stream, revision, position }: EventPlace,
): Promise<EventCheck> {
  const first = position <= 1n;
  const { records } = await readPage(first ? 0n : position - 2n);
  const record = records.find((one) => one.position === position);
  if (record?.stream !== stream || record.revision !== revision) return 'missing';
  const before = first ? GENESIS_HASH : records.find((one) => one.position === position - 1n)?.hash;
  return before !== undefined && record.hash === chainHash(before, record) ? 'intact' : 'altered';
}
