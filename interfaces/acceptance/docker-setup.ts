/** The Docker engine of a test run (vitest's global setup): the one that answers, or else one of the run's own. */
import type { TestProject } from 'vitest/node';
import { startDockerd } from '../../infrastructure/testing/dockerd.ts';
import { engineAnswers } from '../composition/prerequisites.ts';
import { readConfig } from '../config.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** as in DOCKER_HOST */
    dockerHost: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = readConfig().DOCKER_HOST;
  const answers = await engineAnswers(given);
  const own = answers ? undefined : await startDockerd({ filters: true });
  // several projects of one run have this setup, one after the other: they share what the first of them started
  if (own) process.env['DOCKER_HOST'] = own.host;
  project.provide('dockerHost', own?.host ?? given);
  return async () => own?.close();
}
