import { readdirSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import LongestFirst from './interfaces/acceptance/longest-first.ts';
import { sampled, SEED } from './interfaces/acceptance/test-tier.ts';

// every worker draws the same sample
process.env['TEST_SEED'] = SEED;
const FOLDER = 'interfaces/acceptance';
const acceptance = readdirSync(FOLDER).filter((name) => name.endsWith('.e2e.test.ts'));
const isCrash = (name: string) => /^(start|crash-.*)\.e2e/.test(name);
/** what stands in front of the platform does not depend on its shape */
const isOfAnyShape = (name: string) => /^(caddy|public-pooler)\.e2e/.test(name);
const inFolder = (names: readonly string[]) => names.map((name) => `${FOLDER}/${name}`);
/** a project's whole life is seen in the other shape by everybody */
const WALK = 'first-project.e2e.test.ts';
const separate = acceptance.filter((name) => !isCrash(name) && !isOfAnyShape(name) && name !== WALK);

/** elsewhere containers have no addresses that this machine could reach */
const hasContainers = process.platform === 'linux';
const shared = {
  environment: 'node',
  restoreMocks: true,
  testTimeout: 30_000,
  // what is waited for may take a loaded machine long; no test asserts how fast one is
  expect: { poll: { timeout: 30_000 } },
} as const;
/** what starts servers: two cores hold two files of it at a time, whatever project they are of */
const heavy = {
  ...shared,
  maxWorkers: 2,
  sequence: { groupOrder: 1 },
  // CI shares its cores with others: a second try there, and the summary names who needed it
  retry: process.env['CI'] === undefined ? 0 : 1,
};
const platforms = { ...heavy, testTimeout: 600_000, hookTimeout: 600_000 };

export default defineConfig({
  test: {
    reporters: ['default', './interfaces/acceptance/summary-reporter.ts'],
    passWithNoTests: true,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          include: ['{domain,application,infrastructure,projections,interfaces}/**/*.test.ts'],
          exclude: ['**/*.{int,docker,e2e}.test.ts'],
        },
      },
      {
        test: {
          ...heavy,
          name: 'integration',
          include: ['{application,infrastructure,projections,interfaces}/**/*.int.test.ts'],
          globalSetup: './infrastructure/testing/cluster.ts',
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          ...heavy,
          name: 'docker',
          include: hasContainers ? ['{infrastructure,interfaces}/**/*.docker.test.ts'] : [],
          globalSetup: ['./infrastructure/testing/cluster.ts', './interfaces/acceptance/docker-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          ...platforms,
          name: 'e2e',
          include: ['interfaces/acceptance/*.e2e.test.ts'],
        },
      },
      {
        test: {
          ...platforms,
          // the same suite on the other event store, with one process for each role and the projects in containers
          name: 'e2e-separate',
          include: inFolder([WALK, ...sampled(separate, 4)]),
          globalSetup: hasContainers ? './interfaces/acceptance/docker-setup.ts' : [],
          env: {
            ACCEPTANCE_STORE: 'esdb',
            ACCEPTANCE_SHAPE: 'separate',
            ...(hasContainers && { ACCEPTANCE_RUNTIME: 'docker' }),
          },
        },
      },
      {
        test: {
          ...platforms,
          // what is left of it, which does not depend on the shape
          name: 'e2e-esdb',
          include: inFolder(sampled(acceptance.filter(isCrash), 3)),
          env: { ACCEPTANCE_STORE: 'esdb' },
        },
      },
    ],
  },
});
