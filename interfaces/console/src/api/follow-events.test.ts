import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EventLines, type StreamEvent } from './follow-events.ts';

const TEXT = [
  ': here\n\n',
  'id: 0\nevent: ProjectRequested\ndata: {"revision":0,"text":"a: b"}\n\n',
  'id: 1\r\nevent: DatabaseCreated\r\ndata: {"revision":1}\r\n\r\n',
  'data: [1,\ndata: 2]\n\n',
].join('');
const EVENTS: StreamEvent[] = [
  { id: '0', event: 'ProjectRequested', data: { revision: 0, text: 'a: b' } },
  { id: '1', event: 'DatabaseCreated', data: { revision: 1 } },
  { id: '', event: 'message', data: [1, 2] },
];

test('events are the same however the network cuts their text', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(TEXT.length)), (cuts) => {
      const heard: StreamEvent[] = [];
      const lines = new EventLines((event) => heard.push(event));
      const places = [0, ...cuts.toSorted((a, b) => a - b), TEXT.length];
      for (const [at, place] of places.entries()) lines.take(TEXT.slice(places[at - 1] ?? 0, place));
      expect(heard).toEqual(EVENTS);
    }),
  );
});

test('one that broke off in the middle is none', () => {
  const heard: StreamEvent[] = [];
  new EventLines((event) => heard.push(event)).take('id: 7\ndata: {"whole":true}\n');
  expect(heard).toEqual([]);
});
