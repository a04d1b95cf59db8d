import { isFull, SEED } from './test-tier.ts';
import type { Reporter, TestModule } from 'vitest/node';

/** Prints what is run, and the one line that CI reads last: `N passed, N failed, N skipped`. */
export default class SummaryReporter implements Reporter {
  onTestRunStart(): void {
    process.stdout.write(
      isFull ? 'everything\n' : `a sample of the crash matrix and the other shapes: TEST_SEED=${SEED}\n`,
    );
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const again = tests.filter((test) => test.diagnostic()?.flaky === true);
    const count = { passed: 0, failed: errors.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      const states = [...module.children.allTests()].map((test) => test.result().state);
      for (const state of states) count[state]++;
      // a file that could not be loaded, or what its tests need could not be made: it has failed without them
      if (module.state() === 'failed' && !states.includes('failed')) count.failed++;
    }
    for (const { fullName, module } of again)
      process.stdout.write(`passed on the second try: ${module.moduleId} > ${fullName}\n`);
    process.stdout.write(
      `\n${count.passed} passed, ${count.failed} failed, ${count.skipped + count.pending} skipped\n`,
    );
  }
}
