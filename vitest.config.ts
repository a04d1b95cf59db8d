import { defineConfig } from 'vitest/config';

/** by hand, not yet in every run: the second shape of the acceptance suite with its projects in containers */
const inContainers = process.env['ACCEPTANCE_RUNTIME'] === 'docker';
const shared = { environment: 'node', restoreMocks: true } as const;

export default defineConfig({
  test: {
    reporters: ['default', './interfaces/acceptance/summary-reporter.ts'],
    passWithNoTests: true,
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
          ...shared,
          name: 'integration',
          include: ['{application,infrastructure,projections,interfaces}/**/*.int.test.ts'],
          globalSetup: './infrastructure/postgres/test-cluster.ts',
          testTimeout: 30_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...shared,
          name: 'docker',
          // elsewhere containers have no addresses that this machine could reach
          include: process.platform === 'linux' ? ['{infrastructure,interfaces}/**/*.docker.test.ts'] : [],
          globalSetup: [
            './infrastructure/postgres/test-cluster.ts',
            './interfaces/acceptance/docker-setup.ts',
          ],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          sequence: { groupOrder: 5 },
        },
      },
      {
        test: {
          ...shared,
          name: 'e2e',
          include: ['interfaces/acceptance/*.e2e.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          // each file runs a whole platform of its own: two cores hold two of them
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...shared,
          // the same suite on the other event store and with one process for each role. What stands in front of them
          // does not depend on that
          name: 'e2e-separate',
          include: ['interfaces/acceptance/*.e2e.test.ts'],
          exclude: ['**/start.e2e.test.ts', '**/crash-*.e2e.test.ts', '**/{caddy,public-pooler}.e2e.test.ts'],
          globalSetup: inContainers ? './interfaces/acceptance/docker-setup.ts' : [],
          env: { ACCEPTANCE_STORE: 'esdb', ACCEPTANCE_SHAPE: 'separate' },
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          sequence: { groupOrder: 3 },
        },
      },
      {
        test: {
          ...shared,
          // what is left of it, which does not depend on the shape
          name: 'e2e-esdb',
          include: ['interfaces/acceptance/{start,crash-*}.e2e.test.ts'],
          env: { ACCEPTANCE_STORE: 'esdb' },
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
});
