import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** By how long they take; all others take less. */
const LONG = [
  'crash-pause',
  'crash-provision',
  'faults',
  'crash-sleep',
  'sleep',
  'first-project',
  'upgrades',
  'crash-undo',
  'crash-limits',
  'quotas',
  'migrations',
];

/**
 * The order of test files. What a clean clone has to go by is their size, and by that the longest would come last, one
 * worker at them and the others idle.
 */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const group = ({ project }: TestSpecification) => project.config.sequence.groupOrder;
    return (await super.sort(files)).sort((a, b) => group(a) - group(b) || place(a) - place(b));
  }
}

function place({ moduleId }: TestSpecification): number {
  const found = LONG.findIndex((name) => moduleId.endsWith(`/${name}.e2e.test.ts`));
  return found === -1 ? LONG.length : found;
}
