/** The same wait for a new project's first row, with the projects in containers. */
import { projectId } from '../../domain/project/project-id.ts';
import { containerName } from '../../infrastructure/docker/container-template.ts';
import { startDockerd } from '../../infrastructure/testing/dockerd.ts';
import { DockerEngine } from '../../infrastructure/docker/docker-engine.ts';
import { PlatformUnderTest } from '../acceptance/platform-under-test.ts';
import { engineAnswers } from '../composition/prerequisites.ts';
import { readConfig } from '../config.ts';
import type { Figure, Section } from './figures.ts';
import { createdFigures } from './platform-figures.ts';
import { served, wakeFigures } from './sleep-figures.ts';

const NETWORK = 'launchdb-bench';

export const dockerFigures: Section = {
  name: 'docker',
  summary:
    'first row of a new project, and of one that sleeps, with LAUNCHDB_RUNTIME=docker (an engine of its own where none answers)',
  async run(): Promise<readonly Figure[]> {
    const given = readConfig().DOCKER_HOST;
    const own = (await engineAnswers(given)) ? undefined : await startDockerd({ filters: true });
    const host = own?.host ?? given;
    const engine = new DockerEngine(host);
    const platform = await PlatformUnderTest.create({
      LOG_LEVEL: 'warn',
      LAUNCHDB_RUNTIME: 'docker',
      DOCKER_HOST: host,
      DOCKER_NETWORK: NETWORK,
    });
    try {
      await platform.start();
      const token = await platform.owner('bench');
      const figures = await createdFigures(platform, token, { oneMs: 900, fiveMs: 3_000 });
      await platform.stop();
      platform.environment['IDLE_SLEEP_MINUTES'] = '0.01';
      await platform.start();
      const sleeper = await served(platform, token, 'sleeper');
      const isAwake = async () => (await engine.inspect(containerName(projectId(sleeper.id)))) !== undefined;
      const wakes = await wakeFigures(platform, sleeper, isAwake, 600);
      await platform.stop();
      return [...figures, ...wakes];
    } finally {
      await platform.close();
      await engine.docker.getNetwork(NETWORK).remove();
      await own?.close();
    }
  },
};
