/** Habits of the house that no linter knows. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const LAYERS = ['domain', 'application', 'infrastructure', 'projections', 'interfaces'];
const root = join(import.meta.dirname, '..');
const files = LAYERS.flatMap((layer) =>
  readdirSync(join(root, layer), { recursive: true, encoding: 'utf8' }).map((name) => join(layer, name)),
).filter((name) => name.endsWith('.ts'));
const read = (name: string) => readFileSync(join(root, name), 'utf8');

test('files are named after what they hold', () => {
  const vague = /(^|\/)(index|types|utils?|helpers?|common|misc)[.]ts$|[.](service|dto|util)[.]ts$/;
  expect(files.filter((name) => vague.test(name) || !/^[a-z0-9./-]+$/.test(name))).toEqual([]);
});

test('the environment is read in one place', () => {
  const readers = files.filter(
    (name) => /process[.]env\b/.test(read(name)) && name !== 'interfaces/tidy.test.ts',
  );
  expect(readers.filter((name) => !/^interfaces\/(config[.]ts|acceptance\/|bench\/)/.test(name))).toEqual([]);
});

test('no test is left out', () => {
  const left = /\b(test|it|describe)[.](skip|only|todo|skipIf|runIf)\b/;
  expect(files.filter((name) => name !== 'interfaces/tidy.test.ts' && left.test(read(name)))).toEqual([]);
});
