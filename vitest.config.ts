import { defineConfig } from 'vitest/config';
import LongestFirst from './interfaces/acceptance/longest-first.ts';

/** elsewhere containers have no addresses that this machine could reach */
const hasContainers = process.platform === 'linux';
const shared = { environment: 'node', restoreMocks: true } as const;
/** what starts servers: two cores hold two files of it at a time, whatever project they are of */
const heavy = { ...shared, maxWorkers: 2, sequence: { groupOrder: 1 } };
const platforms = { ...heavy, testTimeout: 120_000, hookTimeout: 120_000 };

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
          globalSetup: './infrastructure/postgres/test-cluster.ts',
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          ...heavy,
          name: 'docker',
          include: hasContainers ? ['{infrastructure,interfaces}/**/*.docker.test.ts'] : [],
          globalSetup: [
            './infrastructure/postgres/test-cluster.ts',
            './interfaces/acceptance/docker-setup.ts',
          ],
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
          // the same suite on the other event store, with one process for each role and the projects in containers. What
          // stands in front of them does not depend on that
          name: 'e2e-separate',
          include: ['interfaces/acceptance/*.e2e.test.ts'],
          exclude: ['**/start.e2e.test.ts', '**/crash-*.e2e.test.ts', '**/{caddy,public-pooler}.e2e.test.ts'],
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
          include: ['interfaces/acceptance/{start,crash-*}.e2e.test.ts'],
          env: { ACCEPTANCE_STORE: 'esdb' },
        },
      },
    ],
  },
});
