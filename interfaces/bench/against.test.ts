import { expect, test } from 'vitest';
import { againstOf } from './against.ts';

test('each way of ours is compared with itself of the other commit, figure by figure', () => {
  const compared = againstOf(
    [
      {
        name: 'rate',
        unit: '/s',
        of: ['gateway', 'rate'],
        beside: ['direct', 'rate'],
        goal: { ratioAtLeast: 1 },
      },
      { name: 'rate, of another', unit: '/s', of: ['gateway', 'rate'], beside: ['nginx', 'rate'] },
      { name: 'p99', unit: 'ms', of: ['gateway', 'ms'], quantile: 0.99 },
      { name: 'start', unit: 'ms', of: ['start', 'ms'] },
    ],
    'abc1234',
  );
  expect(compared.map(({ way, label }) => [way, label])).toEqual([
    ['gateway', 'gateway of abc1234'],
    ['start', 'start of abc1234'],
  ]);
  expect(compared[0]?.specs).toEqual([
    {
      name: 'against: rate, of another',
      unit: '/s',
      of: ['gateway', 'rate'],
      beside: ['gateway of abc1234', 'rate'],
    },
    {
      name: 'against: p99',
      unit: 'ms',
      of: ['gateway', 'ms'],
      quantile: 0.99,
      beside: ['gateway of abc1234', 'ms'],
    },
  ]);
});
