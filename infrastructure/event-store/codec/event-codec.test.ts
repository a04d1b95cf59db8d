import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  EventTooLarge,
  InvalidAppend,
  MAX_EVENT_BYTES,
  UnknownEventVersion,
} from '../../../application/ports/event-store.ts';
import { eventCatalogue } from './event-catalogue.ts';
import { EventCodec, type EventRecord } from './event-codec.ts';
import { fromLosslessJson, toLosslessJson } from './lossless-json.ts';

const metadata = {
  correlationId: 'c',
  causationId: null,
  actor: { kind: 'system', id: 's' },
  reason: 'test',
} as const;
const event = (data: unknown, type = 'Noted') => ({ id: randomUUID(), type, data, metadata });
const codec = new EventCodec({ Noted: { version: 1 } });

const record = (type: string, version: number, data: unknown): EventRecord => ({
  id: randomUUID(),
  type,
  version,
  data: toLosslessJson(data),
  metadata: toLosslessJson(metadata),
  position: 7n,
  stream: 's',
  revision: 0,
  recordedAt: new Date(0),
  hash: '',
});

describe('lossless JSON', () => {
  const text = fc.string({ unit: 'binary' }).filter((string) => !string.includes('\0'));
  const key = fc.oneof(text, fc.constantFrom('$bigint', '$$bigint', '$$$bigint', '__proto__', 'constructor'));
  const number = fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0));
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4 },
      fc.constant(null),
      fc.boolean(),
      number,
      fc.bigInt(),
      text,
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(key, tie('value'), { maxKeys: 4 }),
    ),
  }));

  test('gives back whatever went in', () => {
    fc.assert(
      fc.property(value, (data) => {
        const json = toLosslessJson(data);
        expect(fromLosslessJson(json)).toEqual(data);
        // nothing that PostgreSQL could not read as jsonb
        expect(json).not.toMatch(/\\u0000|\\ud[89a-f]/i);
      }),
      { numRuns: 500 },
    );
  });

  test('tells a bigint from an object that looks like one', () => {
    expect(toLosslessJson(5n)).toBe('{"$bigint":"5"}');
    expect(toLosslessJson({ $bigint: '5' })).toBe('{"$$bigint":"5"}');
    expect(toLosslessJson({ $$bigint: 1, $bigints: 2 })).toBe('{"$$$bigint":1,"$bigints":2}');
  });

  test('refuses what is nested too deep', () => {
    let deep: unknown = 1;
    for (let depth = 0; depth < 101; depth++) deep = [deep];
    expect(() => toLosslessJson(deep)).toThrow(InvalidAppend);
    expect(() => toLosslessJson((deep as unknown[])[0])).not.toThrow();
  });
});

describe('event codec', () => {
  test('refuses metadata like data, and types that are no own key of the catalogue', () => {
    const broken = { ...event({}), metadata: { ...metadata, userAgent: 'a\0' } };
    expect(() => codec.encode(broken)).toThrow(InvalidAppend);
    for (const type of ['toString', '__proto__', 'constructor', '']) {
      expect(() => codec.encode(event({}, type))).toThrow(InvalidAppend);
      expect(() => codec.decode(record(type, 1, {}))).toThrow(UnknownEventVersion);
    }
  });

  test('counts bytes, not characters', () => {
    const overhead = toLosslessJson(metadata).length + 2;
    const fits = 'é'.repeat((MAX_EVENT_BYTES - overhead) / 2);
    expect(codec.encode(event(fits)).sizeBytes).toBeGreaterThan(MAX_EVENT_BYTES - 2);
    expect(() => codec.encode(event(`${fits}é`))).toThrow(EventTooLarge);
  });

  test('upcasts step by step and refuses the future', () => {
    const newer = new EventCodec({
      Noted: { version: 3, upcasters: { 1: (data) => [data, 2], 2: (data) => [data, 3] } },
    });
    expect(newer.decode(record('Noted', 1, 'old'))).toMatchObject({
      data: [['old', 2], 3],
      schemaVersion: 3,
    });
    expect(newer.decode(record('Noted', 3, 'new'))).toMatchObject({ data: 'new', schemaVersion: 3 });
    expect(() => newer.decode(record('Noted', 4, {}))).toThrow(UnknownEventVersion);
  });

  test('a missing upcaster is found at start', () => {
    expect(() => new EventCodec({ Noted: { version: 3, upcasters: { 1: (data) => data } } })).toThrow(
      'Noted has no upcaster from version 2',
    );
  });

  test('a batch tells apart what is not known', () => {
    const records = [
      { ...record('Noted', 1, 1), position: 5n },
      { ...record('Noted', 2, 2), position: 6n },
      { ...record('Noted', 1, 3), position: 7n },
    ];
    const batch = codec.decodeBatch(records, 9n);
    expect(batch.events.map(({ data }) => data)).toEqual([1, 3]);
    expect(batch.unreadable).toMatchObject([{ position: 6n, type: 'Noted', version: 2 }]);
    expect(batch.position).toBe(9n);
  });

  test('the product reads every version of all that it writes', () => {
    expect(() => new EventCodec(eventCatalogue)).not.toThrow();
  });

  test('a project of before there were several servers is on the one that there was', () => {
    const old = readFileSync(new URL('golden/ProjectRequested.v1.json', import.meta.url), 'utf8');
    const { data } = new EventCodec(eventCatalogue).decode({
      ...record('ProjectRequested', 1, null),
      data: old,
    });
    expect(data).toEqual({ ...(JSON.parse(old) as object), server: 'main' });
  });
});
