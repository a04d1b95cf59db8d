import { expect, test } from 'vitest';
import { parseExact } from '../../api/exact-json.ts';
import { misjudged, parsePlan } from './explain-tree.ts';

const analyzed = [
  {
    Plan: {
      'Node Type': 'Nested Loop',
      'Join Type': 'Left',
      'Total Cost': 100,
      'Plan Rows': 10,
      'Actual Total Time': 20,
      'Actual Rows': 1000,
      'Actual Loops': 1,
      'Shared Hit Blocks': 7,
      'Shared Read Blocks': 1,
      Plans: [
        {
          'Node Type': 'Seq Scan',
          'Relation Name': 'todos',
          Alias: 't',
          'Total Cost': 30,
          'Plan Rows': 10,
          'Actual Total Time': 4,
          'Actual Rows': 10,
          'Actual Loops': 1,
          Filter: '(done)',
          'Rows Removed by Filter': 0,
        },
        {
          'Node Type': 'Index Scan',
          'Relation Name': 'users',
          Alias: 'users',
          'Index Name': 'users_pkey',
          'Index Cond': '(id = t.user_id)',
          'Total Cost': 0.5,
          'Plan Rows': 1,
          'Actual Total Time': 1.2,
          'Actual Rows': 1,
          'Actual Loops': 10,
        },
      ],
    },
    'Planning Time': 0.5,
    'Execution Time': 21,
  },
];

test('a node tells its own time, its loops counted in', () => {
  const plan = parsePlan(analyzed);
  expect(plan).toMatchObject({ planningMs: 0.5, executionMs: 21 });
  const [scan, lookup] = plan!.root.children;
  expect(plan!.root).toMatchObject({ title: 'Nested Loop (Left)', totalMs: 20, selfMs: 4, share: 0.2 });
  expect(plan!.root.buffers).toEqual({ hit: 7, read: 1 });
  expect(scan).toMatchObject({ on: 'todos t', selfMs: 4, details: [{ label: 'Filter', text: '(done)' }] });
  expect(lookup).toMatchObject({ on: 'users by users_pkey', totalMs: 12, actualRows: 10, share: 0.6 });
});

test('what the planner was wrong about by ten times and more is told', () => {
  const { root } = parsePlan(analyzed)!;
  expect(misjudged(root)).toBe(100);
  expect(misjudged(root.children[0]!)).toBeNull();
});

test('what was not run has shares by cost', () => {
  const { root } = parsePlan([
    {
      Plan: {
        'Node Type': 'Aggregate',
        Strategy: 'Hashed',
        'Total Cost': 10,
        'Plan Rows': 1,
        Plans: [{ 'Node Type': 'Result', 'Total Cost': 4, 'Plan Rows': 1 }],
      },
    },
  ])!;
  expect(root).toMatchObject({ title: 'Hash Aggregate', totalMs: null, selfMs: null, share: 0.6 });
  expect(misjudged(root)).toBeNull();
});

test('a time that ends with a zero is a time', () => {
  const plan = parsePlan(
    parseExact(
      '[{"Plan": {"Node Type": "Result", "Total Cost": 0.10, "Plan Rows": 1, "Actual Total Time": 1.250, "Actual Rows": 2.00, "Actual Loops": 2}}]',
    ),
  );
  expect(plan?.root).toMatchObject({ cost: 0.1, totalMs: 2.5, actualRows: 4 });
});

test('what is no plan is none', () => {
  expect([null, [], [{}], { Plan: {} }, 'text'].map(parsePlan)).toEqual([null, null, null, null, null]);
});
