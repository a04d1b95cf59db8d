import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { expect, test } from 'vitest';
import { chart, goalValue } from './chart.ts';
import { sample as figure } from './figure-sample.ts';
import { report } from './report-page.ts';
import { namedRuns, type NamedRun } from './results.ts';
import { SECTIONS } from './sections.ts';
import type { Figure } from './statistics.ts';

const conditions = {
  at: '2026-11-30T00:00:00.000Z',
  commit: 'abc1234',
  machine: '2 x one',
  load: 0.5,
  data: 'ext4',
  fsync: 'on',
  versions: { Node: '24.0.0' },
} as const;
const run = (name: string, ...figures: Figure[]): NamedRun => ({
  name,
  results: [{ section: 'wake', conditions, figures }],
});

test('bars are as long as their values, and the goal is where it would be met', () => {
  expect(goalValue(figure)).toBe(180);
  const svg = chart('wake', [figure]);
  const widths = [...svg.matchAll(/width="([\d.]+)" height="12"/g)].map(([, width]) => Number(width));
  expect(widths).toEqual([470, 235]);
  // 180 of 240, less half of the line
  expect(svg).toContain(`<rect x="${(16 + 470 * 0.75 - 1).toFixed(1)}"`);
  expect(svg).toContain('first &lt;request&gt;');
  expect(svg).toContain('goal: ratio at most 1.5: missed');
});

test('of several bounds the nearest is drawn; without a goal there is no line', () => {
  const either = { ...figure, goal: { valueAtLeast: 1_000, ratioAtLeast: 2.5 } };
  expect(goalValue(either)).toBe(300);
  expect(goalValue({ ...figure, goal: null, met: null })).toBeUndefined();
  expect(chart('wake', [{ ...figure, goal: null, met: null }])).not.toContain('goal');
});

test('a missed goal is said to be missed, and the run before stands beside the last one', () => {
  const runs = [
    run('1', { ...figure, value: 480, ratio: 4 }),
    run('2', figure, { ...figure, name: 'met', met: true }),
  ];
  const page = report(runs, ['door', 'wake']).get('README.md') ?? '';
  expect(page).toContain('## Goals: 1 of 2 are met');
  expect(page).toContain('| wake | first <request> | ratio at most 1.5 | 240 ms | 2.00 | **missed** |');
  expect(page).toContain('| 480, 4.00 |');
  expect(page).toContain('Not part of this run: door.');
  expect(page).toContain('2 x one; Node 24.0.0; data on ext4, fsync on; load 0.50; commit abc1234');
});

test('two runs of one commit agree where the median of one lies in the spread of the other', () => {
  const apart = { ...figure, name: 'apart', ratio: 3, ratioSpread: [2.3, 4] } as const;
  const wide = { ...figure, name: 'wide', ratio: 3, ratioSpread: [1, 4] } as const;
  const once = { ...figure, name: 'once', rounds: 1 };
  const plain = { ...figure, name: 'plain', beside: null, ratio: null, ratioSpread: null };
  const of = (name: string) => ({ ...figure, name });
  const first = run('1', of('apart'), of('wide'), once, { ...plain, value: 900, spread: [800, 999] });
  const second = run('2', apart, wide, once, plain);
  const page = report([first, second], ['wake']).get('README.md') ?? '';
  expect(page).toContain('## Two runs of the same code: 1 of 2 ratios agree, and 0 of 1 values');
  expect(page).toContain('| wake | apart | 2.00 (1.90 to 2.20) of bare | 3.00 (2.30 to 4.00) of bare |');
  expect(page).toContain('| wake | plain | 900 (800 to 999) ms | 240 (220 to 310) ms |');
  expect(page).toContain('1 more are taken once');
  const elsewhere = first.results.map((one) => ({
    ...one,
    conditions: { ...conditions, commit: 'def5678' },
  }));
  const others = report([{ name: '1', results: elsewhere }, second], ['wake']).get('README.md');
  expect(others).not.toContain('Two runs');
});

test('what has nothing beside it and no goal is in the table alone', () => {
  const alone = {
    ...figure,
    name: 'alone',
    beside: null,
    ratio: null,
    ratioSpread: null,
    goal: null,
    met: null,
  };
  const both = report([run('1', figure, alone)], ['wake']);
  expect(both.get('README.md')).toContain('| alone | 240 ms');
  expect(both.get('wake.svg')).not.toContain('alone');
  expect([...report([run('1', alone)], ['wake']).keys()]).toEqual(['README.md']);
});

test('docs/performance is what the runs say ("npm run bench:report" writes it)', async () => {
  const folder = join(import.meta.dirname, '..', '..', 'docs', 'performance');
  for (const [name, text] of report(await namedRuns(), SECTIONS)) {
    const path = join(folder, name);
    const options = { ...(await resolveConfig(path)), parser: 'markdown' };
    expect(readFileSync(path, 'utf8')).toBe(name.endsWith('.md') ? await format(text, options) : text);
  }
});
