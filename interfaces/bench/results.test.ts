import { expect, test } from 'vitest';
import { parseResults, resultsText, withResult, type SectionResult } from './results.ts';

const result = (section: string): SectionResult => ({
  section,
  conditions: {
    at: '2026-11-30T00:00:00.000Z',
    commit: 'abc',
    machine: '2 x one',
    load: 0.5,
    data: 'ext4',
    fsync: 'on',
    versions: { Node: '24.0.0' },
  },
  figures: [
    {
      section,
      name: 'one',
      value: 1,
      unit: 'ms',
      spread: [1, 1],
      rounds: 1,
      beside: null,
      ratio: null,
      ratioSpread: null,
      goal: null,
      met: null,
    },
  ],
});

test('results are read as they were written, a line for each figure', () => {
  const results = [result('door'), result('wake')];
  const text = resultsText(results);
  expect(text.split('\n')).toHaveLength(5);
  expect(parseResults(text)).toEqual(results);
  expect(parseResults('')).toEqual([]);
});

test('what is taken again takes the place of what was, and the rest of its section stays', () => {
  const [door, wake] = [result('door'), result('wake')];
  const [figure] = door.figures;
  const more = { ...door, figures: [{ ...figure!, name: 'two' }] };
  const again = { ...door, figures: [{ ...figure!, value: 2 }] };
  const kept = withResult(withResult([door, wake], more), again);
  expect(kept.map(({ section }) => section)).toEqual(['wake', 'door']);
  expect(kept[1]?.figures.map(({ name, value }) => [name, value])).toEqual([
    ['two', 1],
    ['one', 2],
  ]);
});
