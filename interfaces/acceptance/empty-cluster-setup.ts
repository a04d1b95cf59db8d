/** One initdb for a whole run (vitest's global setup). */
import type { TestProject } from 'vitest/node';
import { makeEmptyCluster } from '../../infrastructure/testing/empty-cluster.ts';

const SHARED = 'TEST_EMPTY_CLUSTER';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const known = process.env[SHARED];
  const made = known === undefined ? await makeEmptyCluster() : undefined;
  // several projects of one run have this setup, one after the other: they share what the first of them made
  const dataDir = known ?? made?.dataDir ?? '';
  process.env[SHARED] = dataDir;
  project.provide('emptyCluster', dataDir);
  return async () => made?.folder.remove();
}
