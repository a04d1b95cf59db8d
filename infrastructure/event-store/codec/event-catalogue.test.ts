import { readdirSync, readFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { InvalidAppend } from '../../../application/ports/event-store.ts';
import { eventCatalogue } from './event-catalogue.ts';
import { EventCodec } from './event-codec.ts';

const folder = new URL('golden/', import.meta.url);
const golden = readdirSync(folder).map((name) => {
  const [, type = '', version = ''] = /^(\w+)[.]v(\d+)(?:[.][a-z-]+)?[.]json$/.exec(name) ?? [];
  return { name, type, version: Number(version), text: readFileSync(new URL(name, folder), 'utf8') };
});
const codec = new EventCodec(eventCatalogue);
const metadata = {
  correlationId: 'c',
  causationId: null,
  actor: { kind: 'system', id: 'test' },
  reason: 'test',
} as const;

test('there is a golden file of every version of every event', () => {
  const wanted = Object.entries(eventCatalogue).flatMap(([type, { version }]) =>
    Array.from({ length: version }, (_, at) => `${type}.v${at + 1}.json`),
  );
  // further examples of one version have a word of their own in their names
  const seen = new Set(golden.map(({ type, version }) => `${type}.v${version}.json`));
  expect([...seen].sort()).toEqual(wanted.sort());
});

test.each(golden)(
  '$name loads, and what this release makes of it can be written again',
  ({ type, version, text }) => {
    const record = {
      id: randomUUID(),
      type,
      version,
      data: text,
      metadata: JSON.stringify(metadata),
      stream: 'test-1',
      revision: 0,
      position: 1n,
      recordedAt: new Date(),
      hash: '',
    };
    const { data } = codec.decode(record);
    expect(codec.encode({ id: record.id, type, data, metadata }).version).toBe(
      eventCatalogue[type as keyof typeof eventCatalogue].version,
    );
  },
);

test('a payload of another shape is refused, and the refusal names the place and no value', () => {
  const event = { id: randomUUID(), type: 'ProjectRenamed', metadata };
  for (const data of [{}, { displayName: 7 }, { displayName: 'x', secret: 'hunter2' }, null]) {
    expect(() => codec.encode({ ...event, data })).toThrow(InvalidAppend);
  }
  const attempt = () => codec.encode({ ...event, data: { displayName: ['hunter2'] } });
  expect(attempt).toThrow('ProjectRenamed does not look as it has to: displayName invalid_type');
});
