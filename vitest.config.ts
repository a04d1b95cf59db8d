import { defineConfig } from 'vitest/config';
import LongestFirst from './interfaces/acceptance/longest-first.ts';
import { filesOf, hasContainers } from './interfaces/acceptance/test-plan.ts';
import { SEED } from './interfaces/acceptance/test-tier.ts';

// every worker draws the same sample
process.env['TEST_SEED'] = SEED;

const EMPTY_CLUSTER = './interfaces/acceptance/empty-cluster-setup.ts';
const CONSOLE = './interfaces/acceptance/console-setup.ts';
const DOCKER = './interfaces/acceptance/docker-setup.ts';
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
const platforms = {
  ...heavy,
  globalSetup: [EMPTY_CLUSTER, CONSOLE],
  testTimeout: 600_000,
  hookTimeout: 600_000,
};

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
          include: filesOf('integration'),
          globalSetup: [EMPTY_CLUSTER, './infrastructure/testing/cluster.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          ...heavy,
          name: 'docker',
          include: filesOf('docker'),
          globalSetup: [EMPTY_CLUSTER, './infrastructure/testing/cluster.ts', DOCKER],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          ...platforms,
          name: 'e2e',
          include: filesOf('e2e'),
        },
      },
      {
        test: {
          ...platforms,
          // the same suite on the other event store, with one process for each role and the projects in containers
          name: 'e2e-separate',
          include: filesOf('e2e-separate'),
          globalSetup: [EMPTY_CLUSTER, ...(hasContainers ? [DOCKER] : [])],
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
          name: 'e2e-docker',
          include: filesOf('e2e-docker'),
          globalSetup: [EMPTY_CLUSTER, DOCKER],
          env: { ACCEPTANCE_RUNTIME: 'docker' },
        },
      },
      {
        test: {
          ...platforms,
          name: 'e2e-esdb',
          include: filesOf('e2e-esdb'),
          env: { ACCEPTANCE_STORE: 'esdb' },
        },
      },
    ],
  },
});
