/**
 * An event as EventStoreDB holds it. The data are the codec's text, byte for byte, declared as JSON. The metadata
 * are an envelope of ours: the caller's event id, the version of the payload, the time, the hash, the metadata.
 *
 * EventStoreDB's own event id is made of the event's content. It compares nothing but ids when it decides whether a
 * write was made before; so "the same ids" is "the same events", a repetition is answered by the server alone, and an
 * id that comes back with other content is a conflict there, never silence.
 *
 * The hash is over the event alone: its position is not known when it is written, nor is the event before it.
 * The time is that of the process that appends, because the server's comes after the hash.
 */
import { hash as hashOf } from 'node:crypto';
import type streams from '@eventstore/db-client/generated/streams_pb.js';
import { unavailable } from '../../../application/errors.ts';
import type { AppendRequest } from '../postgres/append-request.ts';
import type { EncodedEvent, EventRecord } from '../codec/event-codec.ts';
import { chainHash, GENESIS_HASH } from '../codec/hash-chain.ts';
import { bytes, type PlacedAppend, type ProposedEvent } from './esdb-append-messages.ts';

export interface EsdbRecord extends EventRecord {
  /** {@link fingerprint} */
  readonly esdbId: string;
}

type RecordedEvent = streams.ReadResp.ReadEvent.RecordedEvent;

interface Envelope {
  readonly id: string;
  readonly version: number;
  readonly recordedAt: string;
  readonly hash: string;
  readonly metadata: unknown;
}

/** A UUID (version 8: our own kind) that stands for stream, id, type, version and data; metadata may differ. */
export function fingerprint(stream: string, { id, type, version, data }: EncodedEvent): string {
  const text = [stream, id, type, String(version), data]
    .map((part) => `${Buffer.byteLength(part)}:${part}`)
    .join('');
  const digest = hashOf('sha256', text, 'buffer');
  digest.writeUInt8((digest.readUInt8(6) & 0x0f) | 0x80, 6);
  digest.writeUInt8((digest.readUInt8(8) & 0x3f) | 0x80, 8);
  return digest.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** Whether the event is what its hash says. */
export const isIntact = (record: EventRecord): boolean => record.hash === ownHash(record);

const ownHash = (event: Omit<EventRecord, 'hash' | 'position'>): string =>
  chainHash(GENESIS_HASH, { ...event, position: 0n });

/** An append as it goes there. @param after the revision that it is appended at, -1 for a new stream */
export function placedAppend({ stream, events }: AppendRequest, after: number, now: Date): PlacedAppend {
  const proposed = events.map((event, index) => proposedEvent(stream, event, after + 1 + index, now));
  return { stream, after, events: proposed };
}

function proposedEvent(
  stream: string,
  event: EncodedEvent,
  revision: number,
  recordedAt: Date,
): ProposedEvent {
  const { id, type, version, data, metadata } = event;
  const hash = ownHash({ id, type, version, data, metadata, stream, revision, recordedAt });
  const about = JSON.stringify({ id, version, recordedAt, hash });
  return {
    id: fingerprint(stream, event),
    of: id,
    type,
    contentType: 'application/json',
    data: bytes(data),
    // the codec's text as it is
    metadata: bytes(`${about.slice(0, -1)},"metadata":${metadata}}`),
  };
}

/**
 * @returns an event that we did not write as one of version 0, which no release knows
 * @throws {Unavailable} the server tells no positions
 */
export function toRecord(recorded: RecordedEvent): EsdbRecord {
  const properties = recorded.getMetadataMap();
  const esdbId = recorded.getId()?.getString() ?? '';
  const envelope = envelopeOf(recorded);
  return {
    esdbId,
    id: envelope?.id ?? esdbId,
    type: properties.get('type') ?? '',
    version: envelope?.version ?? 0,
    data: envelope ? text(recorded.getData_asU8()) : 'null',
    metadata: envelope ? JSON.stringify(envelope.metadata) : 'null',
    position: positionOf(recorded),
    stream: text(recorded.getStreamIdentifier()?.getStreamName_asU8() ?? new Uint8Array()),
    revision: Number(recorded.getStreamRevision()),
    recordedAt: new Date(envelope?.recordedAt ?? Number(properties.get('created') ?? 0) / TICKS_PER_MS),
    hash: envelope?.hash ?? '',
  };
}

/** Those of the server itself: streams and types that begin with `$`. */
export const isSystem = ({ stream, type }: { stream: string; type: string }): boolean =>
  stream.startsWith('$') || type.startsWith('$');

const TICKS_PER_MS = 10_000;
const NO_POSITION = 2n ** 63n;

export function positionOf(recorded: RecordedEvent): bigint {
  const position = BigInt(recorded.getCommitPosition());
  if (position >= NO_POSITION)
    throw unavailable('log', 'read positions: EventStoreDB 22.6 or later is needed');
  return position;
}

function envelopeOf(recorded: RecordedEvent): Envelope | undefined {
  try {
    const value = JSON.parse(text(recorded.getCustomMetadata_asU8())) as Partial<Envelope> | null;
    const { id, version, recordedAt, hash, metadata } = value ?? {};
    const ours =
      typeof id === 'string' &&
      typeof version === 'number' &&
      typeof recordedAt === 'string' &&
      typeof hash === 'string' &&
      metadata !== undefined;
    return ours ? { id, version, recordedAt, hash, metadata } : undefined;
  } catch {
    return undefined;
  }
}

const text = (value: Uint8Array): string =>
  Buffer.from(value.buffer, value.byteOffset, value.length).toString();
