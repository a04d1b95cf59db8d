import { expect, test } from 'vitest';
import { KnownStream, KnownStreams } from './known-streams.ts';

function grow(known: KnownStreams, name: string, count: number): void {
  const stream = known.of(name);
  for (let added = 0; added < count; added++) {
    const revision = stream.last + 1;
    stream.add(revision, `${name}-${revision}`, 'print');
  }
  known.grown(name);
}

test('a stream is known from its first event on, without a gap', () => {
  const stream = new KnownStream();
  stream.add(1, 'later', 'x');
  expect(stream.last).toBe(-1);
  stream.add(0, 'a', 'print of a');
  stream.add(0, 'other', 'x');
  stream.add(1, 'b', 'print of b');
  stream.add(3, 'gap', 'x');
  expect(stream.last).toBe(1);
  expect(stream.find('b')).toEqual({ revision: 1, fingerprint: 'print of b' });
  for (const id of ['later', 'other', 'gap']) expect(stream.find(id)).toBeUndefined();
});

test('one whose beginning is hidden is known from where it begins', () => {
  const stream = new KnownStream();
  stream.beginAt(4);
  stream.add(0, 'hidden', 'x');
  stream.add(4, 'a', 'print of a');
  stream.beginAt(4);
  stream.beginAt(5);
  stream.add(5, 'b', 'print of b');
  expect([stream.last, stream.size]).toEqual([5, 2]);
  expect(stream.find('a')).toEqual({ revision: 4, fingerprint: 'print of a' });
  expect(stream.find('hidden')).toBeUndefined();
  // cut off beyond what is known: that would leave a gap
  stream.beginAt(9);
  expect([stream.last, stream.size]).toEqual([8, 0]);
  expect(stream.find('a')).toBeUndefined();
});

test('those used last are kept, within the bound', () => {
  const known = new KnownStreams(10);
  grow(known, 'a', 3);
  grow(known, 'b', 3);
  expect(known.of('a').last).toBe(2);
  grow(known, 'c', 2);
  // b was used least lately
  expect([known.of('a').last, known.of('c').last]).toEqual([2, 1]);
  expect(known.of('b').last).toBe(-1);
});

test('one that is too long by itself is kept while it is in use', () => {
  const known = new KnownStreams(10);
  grow(known, 'long', 50);
  expect(known.of('long').last).toBe(49);
  grow(known, 'a', 1);
  expect(known.of('long').last).toBe(-1);
});

test('streams without an event are not remembered without end', () => {
  const known = new KnownStreams(10);
  const first = known.of('missing-0');
  for (let number = 1; number <= 20; number++) known.of(`missing-${number}`);
  expect(known.of('missing-0')).not.toBe(first);
});

test('what is forgotten while it is used does no harm', () => {
  const known = new KnownStreams(5);
  const stream = known.of('a');
  grow(known, 'b', 9);
  stream.add(0, 'a-0', 'print');
  known.grown('a');
  expect(known.of('a').last).toBe(-1);
});

test('what turned out to be wrong is forgotten, and counts no more', () => {
  const known = new KnownStreams(10);
  grow(known, 'a', 4);
  expect(known.afresh('a').last).toBe(-1);
  grow(known, 'b', 8);
  expect(known.of('b').last).toBe(7);
  expect(known.of('a').last).toBe(-1);
  expect(known.of('b').last).toBe(7);
});
