import { randomUUID } from 'node:crypto';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Unavailable } from '../../../application/errors.ts';
import { someMetadata } from '../../../application/ports/event-store.contract.ts';
import type { NewEvent } from '../../../application/ports/event-store.ts';
import { appendRequest } from '../postgres/append-request.ts';
import { callOfItsOwn, sharedMessage, streamIdentifier, type PlacedAppend } from './esdb-append-messages.ts';
import { fingerprint, isIntact, placedAppend, toRecord } from './esdb-record.ts';
import { EventCodec } from '../codec/event-codec.ts';

const codec = new EventCodec({ Noted: { version: 1 }, Counted: { version: 1 } });
const now = new Date('2026-01-02T03:04:05.678Z');
const noted = (data: unknown, more: Partial<NewEvent> = {}): NewEvent => ({
  id: randomUUID(),
  type: 'Noted',
  data,
  metadata: someMetadata,
  ...more,
});

const FORMS = {
  'a call of its own': (append: PlacedAppend) => {
    const [, message] = callOfItsOwn(append);
    return streams.AppendReq.deserializeBinary(message!.serializeBinary()).getProposedMessage()!;
  },
  'the call that many share': (append: PlacedAppend) => {
    const message = sharedMessage(append, randomUUID());
    return streams.BatchAppendReq.deserializeBinary(message.serializeBinary()).getProposedMessagesList()[0]!;
  },
};

/** An event as it comes back from the server after it went there over the wire. */
function throughTheWire(
  stream: string,
  event: NewEvent,
  { position = '4711', form = 'the call that many share' as keyof typeof FORMS } = {},
) {
  const proposed = FORMS[form](placedAppend(appendRequest(codec, stream, 'none', [event]), -1, now));
  const recorded = new streams.ReadResp.ReadEvent.RecordedEvent()
    .setId(proposed.getId())
    .setStreamIdentifier(streamIdentifier(stream))
    .setStreamRevision('0')
    .setCommitPosition(position)
    .setData(proposed.getData_asU8())
    .setCustomMetadata(proposed.getCustomMetadata_asU8());
  for (const [key, value] of proposed.getMetadataMap().entries()) recorded.getMetadataMap().set(key, value);
  return streams.ReadResp.ReadEvent.RecordedEvent.deserializeBinary(recorded.serializeBinary());
}

describe('an event in EventStoreDB', () => {
  const text = fc.string({ unit: 'binary' }).filter((each) => !each.includes('\0'));
  const value = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(null, true, '', '\ufeff', 1e300, 5e-324, 0.1, -5),
      fc.bigInt(),
      text,
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(fc.oneof(text, fc.constantFrom('$bigint', '__proto__', '10', '2')), tie('value'), {
        maxKeys: 3,
      }),
    ),
  })).value;

  test.each(Object.keys(FORMS) as (keyof typeof FORMS)[])(
    'comes back as it was, to the byte, and intact: %s',
    (form) => {
      fc.assert(
        fc.property(value, value, (data, extra) => {
          const metadata = { ...someMetadata, extra };
          const event = noted(data, { metadata });
          const encoded = codec.encode(event);
          const record = toRecord(throughTheWire('s-1', event, { form }));
          expect(record.data).toBe(encoded.data);
          expect(record.metadata).toBe(encoded.metadata);
          expect(isIntact(record)).toBe(true);
          expect(codec.decode(record)).toMatchObject({
            id: event.id,
            data,
            metadata,
            recordedAt: now,
            position: 4711n,
          });
        }),
        { numRuns: 300 },
      );
    },
  );

  test('is JSON to whoever looks at it there', () => {
    const recorded = throughTheWire('s-1', noted({ n: 1 }));
    expect(recorded.getMetadataMap().get('content-type')).toBe('application/json');
    expect(JSON.parse(Buffer.from(recorded.getCustomMetadata_asU8()).toString())).toMatchObject({
      version: 1,
      recordedAt: now.toISOString(),
      metadata: someMetadata,
    });
  });

  test('a server before 22.6 tells no positions of a stream', () => {
    const recorded = throughTheWire('s-1', noted(1), { position: String(2n ** 64n - 1n) });
    expect(() => toRecord(recorded)).toThrow(Unavailable);
  });
});

describe('the id there', () => {
  const base = noted('data');
  const print = (stream: string, event: NewEvent) => fingerprint(stream, codec.encode(event));

  test('is a UUID of the content', () => {
    expect(print('s-1', base)).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(print('s-1', { ...base, metadata: { ...someMetadata, correlationId: 'another' } })).toBe(
      print('s-1', base),
    );
  });

  test('differs with the stream, the id, the type, the version, the data', () => {
    const newer = new EventCodec({ Noted: { version: 2, upcasters: { 1: (data) => data } } });
    const others = [
      print('s-2', base),
      print('s-1', { ...base, id: randomUUID() }),
      print('s-1', { ...base, type: 'Counted' }),
      print('s-1', { ...base, data: 'other' }),
      fingerprint('s-1', newer.encode(base)),
    ];
    expect(new Set([...others, print('s-1', base)]).size).toBe(6);
  });
});
