/** The command itself, on one real section, as short as it can be. What it comes to says nothing: a test machine is busy. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { SECTIONS } from './sections.ts';

const run = promisify(execFile);
const COMMAND = join(import.meta.dirname, 'bench.ts');
const { VITEST: _, ...environment } = process.env;
const bench = (...args: readonly string[]) =>
  run(process.execPath, [COMMAND, ...args], { env: environment, maxBuffer: 10 * 1024 * 1024 });

test('a section is measured beside the others and another commit, and each figure is an object on a line', async () => {
  const { stdout, stderr } = await bench('append', '--quick', '--json', '--against', 'HEAD');
  const figures = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(figures.map(({ name }) => name)).toEqual([
    '1 caller, of plain INSERTs',
    '1 caller, of emmett',
    'against: 1 caller, of emmett',
  ]);
  expect(figures[2]).toMatchObject({ goal: null, met: null });
  expect(figures[2]?.['ratio']).toBeGreaterThan(0);
  for (const figure of figures.slice(0, 2)) {
    expect(figure).toMatchObject({ section: 'append', unit: 'appends/s', rounds: 2 });
    const { value, beside, ratio, goal, met } = figure as {
      value: number;
      beside: { value: number };
      ratio: number;
      goal: { ratioAtLeast: number };
      met: boolean;
    };
    expect(value).toBeGreaterThan(0);
    expect(beside.value).toBeGreaterThan(0);
    expect(met).toBe(ratio >= goal.ratioAtLeast);
  }
  expect(stderr).toMatch(
    /PostgreSQL 1\d.*fsync on[^]*How long it took: append [\d.]+ s, closing [\d.]+ s; [\d.]+ s in all/,
  );
});

test('every section can be loaded, says what it is about, and has groups by different names', async () => {
  const { stdout } = await bench('--help');
  const lines = stdout
    .slice(stdout.indexOf('Sections'), stdout.indexOf('\nNot yet'))
    .trim()
    .split('\n')
    .slice(1);
  const sections = lines.filter((line) => /^ {2}\S/.test(line)).map((line) => line.trim().split(/\s+/));
  expect(sections.map(([name]) => name)).toEqual(SECTIONS);
  for (const [, ...summary] of sections) expect(summary.length).toBeGreaterThan(3);
  const groups = lines.filter((line) => !/^ {2}\S/.test(line)).map((line) => line.trim().split('; '));
  expect(groups).toHaveLength(SECTIONS.length);
  for (const names of groups) expect(new Set(names).size).toBe(names.length);
});

test('what it does not know is said, with what it knows', async () => {
  await expect(bench('nothing')).rejects.toMatchObject({
    code: 64,
    stderr: expect.stringMatching(/no section nothing[^]*--against COMMIT/) as unknown,
  });
  await expect(bench('door', 'backup')).rejects.toMatchObject({
    code: 64,
    stderr: expect.stringMatching(/^no section backup: the platform makes no backups yet/) as unknown,
  });
});
