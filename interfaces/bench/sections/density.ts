/** What many projects cost: the platform's start with all of them awake, and asleep; what it holds then; what is done over all. */
import { BareProjects } from '../bare-postgrest.ts';
import { oneRow, type Served } from '../bench-project.ts';
import { Density } from '../density-platform.ts';
import type { Context, FigureSpec, Group, Section } from '../section.ts';
import { timed } from '../timed.ts';

const SMALL = [10, 100] as const;
const LARGE = [500, 1_000] as const;
/** of the large ones */
const AWAKE = 50;
const WAKES = 5;
const QUICK_SIZE = 2;
/** bare ones started at the same time: more of them wait for a core */
const AT_ONCE = 16;
const BARE = 'as many bare PostgREST';
const BARE_ONE = 'the start of a bare PostgREST';

export const section: Section = {
  name: 'density',
  summary: `10 and 100 projects awake and asleep, 500 and 1,000 with ${AWAKE} awake (quick: ${QUICK_SIZE}): start, memory, wakes, what is done over all; beside bare PostgREST`,
  groups: [
    ...SMALL.map((count, nth) => ({
      name: `${count} awake`,
      main: nth === 0,
      prepare: (context: Context) => awake(context, count),
    })),
    ...SMALL.map((count) => ({
      name: `${count} asleep`,
      prepare: (context: Context) => asleep(context, count),
    })),
    ...LARGE.map((count) => ({
      name: `${count} projects`,
      prepare: (context: Context) => large(context, count),
    })),
  ],
};

async function awake(context: Context, wanted: number): Promise<Group> {
  const count = context.quick ? QUICK_SIZE : wanted;
  const density = await Density.shared(context);
  const projects = await density.allAwake(count);
  const bare = await BareProjects.on(density.platform);
  context.atEnd(() => bare.close());
  return {
    // a start takes long
    rounds: context.quick ? 1 : 3,
    warmUp: false,
    ways: {
      start: () => density.started(projects),
      [BARE]: () => startedBare(bare, projects),
      ...(!context.quick && { memory: () => density.memory() }),
    },
    figures: [
      {
        name: `start with ${count} awake, until all have answered`,
        unit: 'ms',
        of: ['start', 'answered'],
        beside: [BARE, 'answered'],
        goal: { ratioAtMost: 1.3 },
      },
      { name: `start with ${count} awake, until it is ready`, unit: 'ms', of: ['start', 'ready'] },
      ...(context.quick ? [] : memoryOf(`${count} awake`)),
    ],
  };
}

async function startedBare(bare: BareProjects, projects: readonly Served[]) {
  const left = [...projects];
  const lane = async () => {
    for (let next = left.pop(); next; next = left.pop()) await bare.start(next.id);
  };
  const answered = await timed(() => Promise.all(Array.from({ length: AT_ONCE }, lane)));
  await bare.stop();
  return { answered };
}

async function asleep(context: Context, count: number): Promise<Group> {
  const density = await Density.shared(context);
  await density.asleep(count);
  return {
    rounds: 3,
    warmUp: false,
    ways: {
      start: () => density.started([]),
      memory: () => density.memory(),
      all: () => density.overAll(),
    },
    figures: [
      {
        name: `start with ${count} asleep`,
        unit: 'ms',
        of: ['start', 'ready'],
        goal: { valueAtMost: 10_000 },
      },
      ...memoryOf(`${count} asleep`),
      ...overAll(`${count} asleep`),
    ],
  };
}

async function large(context: Context, count: number): Promise<Group> {
  const density = await Density.shared(context);
  const some = await density.someAwake(count, AWAKE);
  const bare = await BareProjects.on(density.platform);
  context.atEnd(() => bare.close());
  // as somebody has them who does without the platform; like the projects', nobody was in them since the start
  const copies: string[] = [];
  while (copies.length < WAKES) copies.push(await bare.copy());
  let next = AWAKE;
  const name = `${count} projects, ${AWAKE} awake`;
  return {
    rounds: 3,
    warmUp: false,
    ways: {
      start: () => density.started(some),
      memory: () => density.memory(),
      all: () => density.overAll(),
      wake: async () => {
        const ms: number[] = [];
        for (const project of density.projects.slice(next, (next += WAKES)))
          ms.push(await timed(() => oneRow(density.platform, project)));
        return { ms };
      },
      [BARE_ONE]: async () => {
        const ms: number[] = [];
        for (const database of copies) ms.push(await timed(() => bare.start(database)));
        await bare.stop();
        return { ms };
      },
    },
    figures: [
      { name: `${name}: start`, unit: 'ms', of: ['start', 'ready'], goal: { valueAtMost: 10_000 } },
      { name: `${name}: start, until those answer`, unit: 'ms', of: ['start', 'answered'] },
      ...memoryOf(name),
      {
        name: `${name}: a wake`,
        unit: 'ms',
        of: ['wake', 'ms'],
        beside: [BARE_ONE, 'ms'],
        goal: { ratioAtMost: 1.3 },
      },
      ...overAll(name),
    ],
  };
}

const memoryOf = (circumstances: string): readonly FigureSpec[] => [
  {
    name: `${circumstances}: memory of the platform's process`,
    unit: 'MiB',
    of: ['memory', 'ours'],
    goal: { valueAtMost: 250 },
  },
  { name: `${circumstances}: memory of their PostgREST`, unit: 'MiB', of: ['memory', 'apis'] },
];

const overAll = (circumstances: string): readonly FigureSpec[] =>
  [
    ['a page of the list', 'list'],
    ['/metrics', 'metrics'],
    ['RELOAD of PgBouncer', 'reload'],
    ['a look for drift', 'drift'],
    ['launchdb rebuild --dry-run, a look at all', 'look'],
  ].map(([what = '', measure = '']) => ({
    name: `${circumstances}: ${what}`,
    unit: 'ms',
    of: ['all', measure],
  }));
