import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import { secondsOf } from './usual-seconds.ts';

/**
 * The order of test files. What a clean clone has to go by is their size, and by that the longest would come last, one
 * worker at them and the others idle.
 */
export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const group = ({ project }: TestSpecification) => project.config.sequence.groupOrder;
    const seconds = ({ project, moduleId }: TestSpecification) =>
      secondsOf(project.name, relative(project.config.root, moduleId));
    return (await super.sort(files)).sort((a, b) => group(a) - group(b) || seconds(b) - seconds(a));
  }
}
