/**
 * What a person waits for: from the request for a project to the first row of a table of it over REST. Beside it the bare sum,
 * which no platform can do without: a copy of the template database, and the start of a PostgREST on it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PlatformUnderTest } from '../../acceptance/platform-under-test.ts';
import { BareProjects } from '../bare-postgrest.ts';
import { created, ownerOf, servedProject } from '../bench-project.ts';
import { bareContainers, containerPlatform } from '../containers.ts';
import type { Context, FigureSpec, Goal, Group, Section } from '../section.ts';
import { timed } from '../timed.ts';

/** 20 at once, some times over, are more projects than the usual number of sessions has room for */
const SPARES = { SPARE_PROJECTS: '2', POSTGRES_MAX_CONNECTIONS: '2000' };
const SPARES_WANTED = 2;
/** where there are none, as in an older commit, they are not waited for */
const REFILLED_WITHIN_MS = 5_000;
/** what a way leaves behind for a moment (a schema that is read again, views) is not to be beside the next one */
const SETTLES_WITHIN_MS = 1_000;
const BARE = 'the bare sum';
const WAYS = { cold: 'cold', spare: 'with spares' } as const;

export const section: Section = {
  name: 'provision',
  summary:
    'from POST until the first REST row; beside a copy of the template and the start of a bare PostgREST',
  groups: [
    { name: 'one after another', main: true, prepare: one },
    { name: '5 at once', prepare: (context) => atOnce(context, 5) },
    { name: 'in a container', prepare: inContainer },
    { name: '5 at once in containers', prepare: atOnceInContainers },
    { name: '20 at once', prepare: (context) => atOnce(context, 20, { ratioAtMost: 1.2 }) },
  ],
};

async function bareOn(context: Context, platform: PlatformUnderTest): Promise<BareProjects> {
  const bare = await BareProjects.on(platform);
  context.atEnd(() => bare.close());
  return bare;
}

async function one(context: Context): Promise<Group> {
  const cold = await context.platform();
  const spares = await context.platform(SPARES);
  const bare = await bareOn(context, cold);
  const [coldToken, sparesToken] = [await ownerOf(cold), await ownerOf(spares)];
  const settled =
    <T>(way: () => Promise<T>) =>
    async () => {
      if (!context.quick) await sleep(SETTLES_WITHIN_MS);
      return way();
    };
  return {
    rounds: 15,
    ways: {
      [WAYS.cold]: settled(() => created(cold, coldToken)),
      [BARE]: settled(async () => {
        let name = '';
        const copy = await timed(async () => (name = await bare.copy()));
        const start = await timed(() => bare.start(name));
        await bare.stop();
        return { firstRow: copy + start, copy, start };
      }),
      [WAYS.spare]: settled(() => fromFull(spares, () => created(spares, sparesToken))),
    },
    figures: [
      first('POST until the first REST row, cold', WAYS.cold, { ratioAtMost: 1.5 }),
      first('POST until the first REST row, spare, p50', WAYS.spare, { valueAtMost: 50 }),
      {
        ...first('POST until the first REST row, spare, p95', WAYS.spare, { valueAtMost: 120 }),
        quantile: 0.95,
      },
      { name: 'POST answered (active), cold', unit: 'ms', of: [WAYS.cold, 'answered'] },
      { name: 'POST answered (active), spare', unit: 'ms', of: [WAYS.spare, 'answered'] },
      { name: 'copy of the template', unit: 'ms', of: [BARE, 'copy'] },
      { name: 'start of a bare PostgREST', unit: 'ms', of: [BARE, 'start'] },
    ],
  };
}

const first = (name: string, way: string, goal?: Goal): FigureSpec => ({
  name,
  unit: 'ms',
  of: [way, 'firstRow'],
  beside: [BARE, 'firstRow'],
  ...(goal && { goal }),
});

/** Beside it a copy of the template and a bare `docker run`. */
async function inContainer(context: Context): Promise<Group> {
  const containers = await containerPlatform(context);
  const { platform } = containers;
  const bare = await bareOn(context, platform);
  const run = await bareContainers(context, containers, (await servedProject(platform)).id);
  const token = await ownerOf(platform);
  return {
    ways: {
      [WAYS.cold]: () => created(platform, token),
      [BARE]: async () => ({ firstRow: await timed(async () => run(await bare.copy())) }),
    },
    figures: [first('POST until the first REST row, cold, in a container', WAYS.cold, { ratioAtMost: 1.5 })],
  };
}

async function atOnceInContainers(context: Context): Promise<Group> {
  const { platform } = await containerPlatform(context);
  const token = await ownerOf(platform);
  return {
    rounds: 2,
    ways: { [WAYS.cold]: async () => ({ firstRow: await together(5, () => created(platform, token)) }) },
    figures: [
      {
        name: '5 at once in containers, until the last has its first row',
        unit: 'ms',
        of: [WAYS.cold, 'firstRow'],
      },
    ],
  };
}

const together = (count: number, work: () => Promise<unknown>): Promise<number> =>
  timed(() => Promise.all(Array.from({ length: count }, () => work())));

/** Until the last of them has its row. */
async function atOnce(context: Context, count: number, goal?: Goal): Promise<Group> {
  const platform = await context.platform(SPARES);
  const bare = await bareOn(context, platform);
  const token = await ownerOf(platform);
  return {
    rounds: 3,
    ways: {
      [WAYS.spare]: () =>
        fromFull(platform, async () => ({
          firstRow: await together(count, () => created(platform, token)),
        })),
      [BARE]: async () => {
        const firstRow = await together(count, () => bare.sum());
        await bare.stop();
        return { firstRow };
      },
    },
    figures: [first(`${count} at once with 2 spares, until the last has its first row`, WAYS.spare, goal)],
  };
}

/** With all spares there; those that take their places are not made beside the way that comes next. */
async function fromFull<T>(platform: PlatformUnderTest, claim: () => Promise<T>): Promise<T> {
  await refilled(platform);
  const claimed = await claim();
  await refilled(platform);
  return claimed;
}

/** Waits until the spares that were taken are there again. */
async function refilled(platform: PlatformUnderTest): Promise<void> {
  const deadline = performance.now() + REFILLED_WITHIN_MS;
  while (performance.now() < deadline) {
    const ready = await platform.sql(
      `SELECT FROM log.events spare WHERE type = 'SparePrepared' AND NOT EXISTS
         (SELECT FROM log.events WHERE stream = spare.stream AND revision > spare.revision)`,
      [],
      'launchdb',
    );
    if (ready.length >= SPARES_WANTED) return;
    await sleep(50);
  }
}
