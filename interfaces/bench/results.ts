/** What runs came to, kept in `bench/results`: a line of JSON for the conditions of each section, and one for each figure. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Conditions } from './conditions.ts';
import type { Figure } from './statistics.ts';

export const RESULTS = join(import.meta.dirname, '..', '..', 'bench', 'results');

export interface SectionResult {
  readonly section: string;
  readonly conditions: Conditions;
  readonly figures: readonly Figure[];
}

export interface NamedRun {
  readonly name: string;
  readonly results: readonly SectionResult[];
}

const isFigure = (line: object): line is Figure => 'value' in line;

export function parseResults(text: string): readonly SectionResult[] {
  const lines = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Figure | { section: string; conditions: Conditions });
  const figures = lines.filter(isFigure);
  return lines.flatMap((line) =>
    isFigure(line)
      ? []
      : [
          {
            section: line.section,
            conditions: line.conditions,
            figures: figures.filter(({ section }) => section === line.section),
          },
        ],
  );
}

export const resultsText = (results: readonly SectionResult[]): string =>
  results
    .flatMap(({ section, conditions, figures }) => [{ section, conditions }, ...figures])
    .map((line) => `${JSON.stringify(line)}\n`)
    .join('');

const read = async (name: string): Promise<readonly SectionResult[]> =>
  parseResults(await readFile(join(RESULTS, `${name}.jsonl`), 'utf8').catch(() => ''));

/** A figure that was taken again takes the place of what it was before. */
export function withResult(
  results: readonly SectionResult[],
  { section, conditions, figures }: SectionResult,
): readonly SectionResult[] {
  const before = results.find((one) => one.section === section)?.figures ?? [];
  const taken = new Set(figures.map(({ name }) => name));
  const kept = before.filter(({ name }) => !taken.has(name));
  const others = results.filter((one) => one.section !== section);
  return [...others, { section, conditions, figures: [...kept, ...figures] }];
}

export async function keep(name: string, result: SectionResult): Promise<void> {
  await mkdir(RESULTS, { recursive: true });
  await writeFile(join(RESULTS, `${name}.jsonl`), resultsText(withResult(await read(name), result)));
}

/** All runs that have a name, in the order of their names. */
export async function namedRuns(): Promise<readonly NamedRun[]> {
  const files = await readdir(RESULTS).catch(() => []);
  const names = files.flatMap((file) => /^(.*)[.]jsonl$/.exec(file)?.[1] ?? []);
  const named = names.filter((name) => name !== 'local').toSorted();
  return Promise.all(named.map(async (name) => ({ name, results: await read(name) })));
}
