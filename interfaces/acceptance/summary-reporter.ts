import { PLAN } from './test-plan.ts';
import { isFull, SEED } from './test-tier.ts';
import { keepsSeconds, writeSeconds } from './usual-seconds.ts';
import type { Reporter, TestModule } from 'vitest/node';

/** Prints what is run, and the one line that CI reads last: `N passed, N failed, N skipped`. */
export default class SummaryReporter implements Reporter {
  onTestRunStart(): void {
    process.stdout.write(isFull ? 'everything\n' : `TEST_SEED=${SEED} runs ${PLAN}\n`);
  }

  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    if (keepsSeconds) {
      const heavy = modules.filter((module) => module.project.name !== 'unit' && module.ok());
      const seconds = (module: TestModule) => Math.ceil(module.diagnostic().duration / 1000);
      writeSeconds(
        Object.fromEntries(
          heavy.map((module) => [`${module.project.name} ${module.relativeModuleId}`, seconds(module)]),
        ),
      );
    }
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
