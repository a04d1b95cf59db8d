/**
 * Each event carries sha256(hash of the event before || canonical text of this one), so a change anywhere
 * shows from there on. The same text is built by log.append (0002_log_append.sql).
 */
import { createHash } from 'node:crypto';
import type { ChainReport, Position } from '../../application/ports/event-store.ts';
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

/** The end of the log, as the log itself says. */
export interface ChainEnd {
  readonly position: Position;
  readonly hash: string;
}

/** Verifies a log page by page; the last, empty page says where the log ends. */
export async function verifyChain(
  readPage: (after: Position) => Promise<{ records: readonly EventRecord[]; end: ChainEnd }>,
  onProgress?: (verified: bigint) => void,
): Promise<ChainReport> {
  let reached: ChainEnd = { position: 0n, hash: GENESIS_HASH };
  for (;;) {
    const { records, end } = await readPage(reached.position);
    for (const record of records) {
      const position = reached.position + 1n;
      const intact = record.position === position && record.hash === chainHash(reached.hash, record);
      if (!intact) return { verified: reached.position, brokenAt: position };
      reached = record;
    }
    if (records.length === 0) {
      // events cut off at the end leave no trace but this
      const whole = end.position === reached.position && end.hash === reached.hash;
      return { verified: reached.position, brokenAt: whole ? null : reached.position + 1n };
    }
    onProgress?.(reached.position);
  }
}
