/** What sleep costs who comes: the first request to a sleeping project, beside the start of a bare PostgREST. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PlatformUnderTest } from '../../acceptance/platform-under-test.ts';
import { BareProjects } from '../bare-postgrest.ts';
import { oneRow, postgrestRuns, servedProject, type Served } from '../bench-project.ts';
import { bareContainers, containerPlatform } from '../containers.ts';
import type { Context, Group, Section, Way } from '../section.ts';
import { timed } from '../timed.ts';

const BARE = 'the start of a bare PostgREST';
/** what follows its end, such as the last event, is not to be measured */
const SETTLED_MS = 100;

export const section: Section = {
  name: 'wake',
  summary:
    'the first request to a sleeping project, until its row; beside the start of a bare PostgREST on the same server',
  groups: [
    { name: 'wake', main: true, prepare: wake },
    { name: 'in a container', prepare: inContainer },
  ],
};

const SOON = { IDLE_SLEEP_MINUTES: '0.01' };

async function wake(context: Context): Promise<Group> {
  const platform = await context.platform(SOON);
  const bare = await BareProjects.on(platform);
  context.atEnd(() => bare.close());
  const project = await servedProject(platform);
  const database = await bare.copy();
  const isAwake = () => postgrestRuns(platform, `${project.id}.conf`);
  return group(
    20,
    '',
    () => woken(platform, project, isAwake),
    async () => {
      const ms = await timed(() => bare.start(database));
      await bare.stop();
      return { ms };
    },
  );
}

async function inContainer(context: Context): Promise<Group> {
  const containers = await containerPlatform(context, SOON);
  const { platform } = containers;
  const bare = await BareProjects.on(platform);
  context.atEnd(() => bare.close());
  const project = await servedProject(platform);
  const run = await bareContainers(context, containers, project.id);
  const database = await bare.copy();
  const isAwake = () => containers.isAwake(project.id);
  return group(
    5,
    ' in a container',
    () => woken(platform, project, isAwake),
    async () => ({
      ms: await timed(() => run(database)),
    }),
  );
}

/** The first request, once it sleeps. */
async function woken(platform: PlatformUnderTest, project: Served, isAwake: () => Promise<boolean>) {
  while (await isAwake()) await sleep(20);
  await sleep(SETTLED_MS);
  return { ms: await timed(() => oneRow(platform, project)) };
}

const group = (rounds: number, where: string, wakes: Way, bare: Way): Group => ({
  rounds,
  ways: { wake: wakes, [BARE]: bare },
  figures: [
    {
      name: `first request to a sleeping project${where}, p50`,
      unit: 'ms',
      of: ['wake', 'ms'],
      beside: [BARE, 'ms'],
      goal: { ratioAtMost: 1.3 },
    },
    {
      name: `first request to a sleeping project${where}, p95`,
      unit: 'ms',
      of: ['wake', 'ms'],
      quantile: 0.95,
    },
  ],
});
