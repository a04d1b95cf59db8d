/** How long test files usually take, on two cores: the longest begin first, and a sample is drawn by it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FILE = join(import.meta.dirname, 'usual-seconds.json');
const usual = JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, number>;

/** TEST_SECONDS=write: every file is run, as `npm test` runs it, and how long it took is kept. */
export const keepsSeconds = process.env['TEST_SECONDS'] === 'write';

const OTHER_SHAPE = 1.8;
/** of a file that is not written down, as shorter ones are not */
const SHORTEST = 3;

/** @param file its path in the repository */
export function secondsOf(project: string, file: string): number {
  const known = usual[`${project} ${file}`];
  if (known !== undefined) return known;
  const inFirstShape = usual[`e2e ${file}`];
  return inFirstShape === undefined ? SHORTEST : Math.ceil(inFirstShape * OTHER_SHAPE);
}

/** Keeps what is known of files that this run did not have. */
export function writeSeconds(measured: Readonly<Record<string, number>>): void {
  const all = Object.entries({ ...usual, ...measured }).filter(([, seconds]) => seconds > SHORTEST);
  const sorted = Object.fromEntries(all.toSorted(([one], [other]) => (one < other ? -1 : 1)));
  writeFileSync(FILE, `${JSON.stringify(sorted, null, 2)}\n`);
}
