/** What runs came to, kept in `bench/results`: a line of JSON for the conditions of each section, and one for each figure. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Conditions } from './conditions.ts';
import type { Figure } from './statistics.ts';

const RESULTS = join(import.meta.dirname, '..', '..', 'bench', 'results');

export interface SectionResult {
  readonly section: string;
  readonly conditions: Conditions;
  readonly figures: readonly Figure[];
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

/** A section that was run again takes the place of what it came to before. */
export async function keep(name: string, result: SectionResult): Promise<void> {
  const others = (await read(name)).filter(({ section }) => section !== result.section);
  await mkdir(RESULTS, { recursive: true });
  await writeFile(join(RESULTS, `${name}.jsonl`), resultsText([...others, result]));
}
