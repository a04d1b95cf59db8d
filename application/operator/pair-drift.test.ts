import { expect, test } from 'vitest';
import { pairDrift, type DriftFact } from './pair-drift.ts';

const at = (minute: number) => new Date(minute * 60_000);
const how = { expected: 'registered', actual: 'absent' };
const found = (stream: string, minute: number, what = 'pool'): DriftFact => ({
  stream,
  projectId: stream,
  at: at(minute),
  what,
  found: how,
});
const repaired = (stream: string, minute: number, what = 'pool'): DriftFact => ({
  ...found(stream, minute, what),
  found: null,
});

test('each thing that was found has its own repair, and no other', () => {
  const facts = [
    found('a', 9),
    repaired('b', 8),
    repaired('a', 7, 'logins'),
    found('b', 6),
    repaired('a', 5),
    found('a', 4, 'logins'),
    found('a', 3),
    repaired('c', 2),
    found('b', 1),
  ];
  expect(pairDrift(facts).map(({ projectId, what, repairedAt }) => [projectId, what, repairedAt])).toEqual([
    ['a', 'pool', null],
    ['b', 'pool', at(8)],
    ['a', 'logins', at(7)],
    ['a', 'pool', at(5)],
    ['b', 'pool', null],
  ]);
  expect(pairDrift(facts)[0]).toEqual({
    projectId: 'a',
    what: 'pool',
    ...how,
    foundAt: at(9),
    repairedAt: null,
  });
});
