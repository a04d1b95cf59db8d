/** What many projects cost: the platform's start with all of them awake, and asleep, and what it holds then. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PlatformUnderTest } from '../../acceptance/platform-under-test.ts';
import { BareProjects } from '../bare-postgrest.ts';
import { oneRow, postgrestRuns, servedProjects, type Served } from '../bench-project.ts';
import { proportionalMib } from '../process-memory.ts';
import type { Context, Group, GroupPlan, Section } from '../section.ts';
import { timed } from '../timed.ts';

const SIZES = [10, 100] as const;
const QUICK_SIZE = 4;
const SETTLED_AFTER_MS = 5_000;
/** bare ones started at the same time: more of them wait for a core */
const AT_ONCE = 16;
const BARE = 'as many bare PostgREST';

export const section: Section = {
  name: 'density',
  summary: `${SIZES.join(' and ')} projects (quick: ${QUICK_SIZE}), awake and asleep: start, memory; beside as many bare PostgREST`,
  groups: SIZES.flatMap((count, nth): GroupPlan[] => [
    { name: `${count} awake`, main: nth === 0, prepare: (context) => awake(context, count) },
    { name: `${count} asleep`, prepare: (context) => asleep(context, count) },
  ]),
};

/** One platform, to which projects are added. */
class Density {
  readonly platform: PlatformUnderTest;
  readonly projects: Served[] = [];

  private constructor(platform: PlatformUnderTest) {
    this.platform = platform;
  }

  static async make(): Promise<Density> {
    return new Density(await PlatformUnderTest.create({ LOG_LEVEL: 'warn', IDLE_SLEEP_MINUTES: '0' }));
  }

  /** Runs with so many projects, all of them awake. */
  async awake(count: number): Promise<void> {
    await this.#restart('0');
    this.projects.push(...(await servedProjects(this.platform, count - this.projects.length)));
    for (const project of this.projects) await oneRow(this.platform, project);
  }

  async asleep(count: number): Promise<void> {
    await this.awake(count);
    await this.#restart('0.01');
    while (await postgrestRuns(this.platform)) await sleep(100);
    await this.#restart('0');
  }

  async #restart(idleMinutes: string): Promise<void> {
    if (this.platform.running) await this.platform.stop();
    this.platform.environment['IDLE_SLEEP_MINUTES'] = idleMinutes;
    await this.platform.start();
  }

  /** From nothing until it says that it is ready, and until all that are awake have answered, in ms. */
  async started(awake: readonly Served[]) {
    await this.platform.stop();
    const from = performance.now();
    await this.platform.start();
    const ready = performance.now() - from;
    await Promise.all(awake.map((project) => oneRow(this.platform, project)));
    return { ready, answered: performance.now() - from };
  }

  async memory() {
    await sleep(SETTLED_AFTER_MS);
    const programs = await this.platform.programs('.conf');
    const apis = programs.filter(({ command }) => command.includes('postgrest')).map(({ pid }) => pid);
    return { ours: await proportionalMib(this.platform.pids), apis: await proportionalMib(apis) };
  }

  close(): Promise<void> {
    return this.platform.close();
  }
}

async function awake(context: Context, wanted: number): Promise<Group> {
  const count = context.quick ? QUICK_SIZE : wanted;
  const density = await context.share('density', () => Density.make());
  await density.awake(count);
  const bare = await BareProjects.on(density.platform);
  context.atEnd(() => bare.close());
  return {
    rounds: 3,
    warmUp: false,
    ways: {
      start: () => density.started(density.projects),
      [BARE]: async () => {
        const left = [...density.projects];
        const lane = async () => {
          for (let next = left.pop(); next; next = left.pop()) await bare.start(next.id);
        };
        const answered = await timed(() => Promise.all(Array.from({ length: AT_ONCE }, lane)));
        await bare.stop();
        return { answered };
      },
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

async function asleep(context: Context, count: number): Promise<Group> {
  const density = await context.share('density', () => Density.make());
  await density.asleep(count);
  return {
    rounds: 3,
    warmUp: false,
    ways: { start: () => density.started([]), memory: () => density.memory() },
    figures: [
      {
        name: `start with ${count} asleep`,
        unit: 'ms',
        of: ['start', 'ready'],
        goal: { valueAtMost: 10_000 },
      },
      ...memoryOf(`${count} asleep`),
    ],
  };
}

const memoryOf = (circumstances: string) => [
  {
    name: `${circumstances}: memory of the platform's process`,
    unit: 'MiB',
    of: ['memory', 'ours'] as const,
    goal: { valueAtMost: 250 },
  },
  { name: `${circumstances}: memory of their PostgREST`, unit: 'MiB', of: ['memory', 'apis'] as const },
];
