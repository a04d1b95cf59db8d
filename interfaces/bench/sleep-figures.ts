/** What sleep costs who comes, and what it saves: the first request to a sleeping project; many projects at rest. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { PlatformUnderTest } from '../acceptance/platform-under-test.ts';
import { quantile, timed, type Figure, type Section } from './figures.ts';

const WAKES = 40;
const PROJECTS = 100;
const AWAKE = 10;
const STARTS = 3;
const SOON = '0.01';
const NEVER = '0';
const SETTLED_AFTER_MS = 5_000;

interface Served {
  readonly id: string;
  readonly headers: { readonly apikey: string };
}

export const sleepFigures: Section = {
  name: 'sleep',
  summary: `the first request to a sleeping project; ${PROJECTS} projects, ${PROJECTS - AWAKE} of them asleep (process runtime, PgBouncer)`,
  async run(): Promise<readonly Figure[]> {
    const platform = await PlatformUnderTest.create({ LOG_LEVEL: 'warn', IDLE_SLEEP_MINUTES: SOON });
    try {
      await platform.start();
      const token = await platform.owner('bench');
      const projects: Served[] = [];
      for (let at = 0; at < PROJECTS; at++) projects.push(await served(platform, token, `project-${at}`));
      const [first] = projects;
      if (!first) throw new Error('no project');
      const wakes = await wakeFigures(platform, first, () => runs(platform, `${first.id}.conf`), 300);
      while (await runs(platform, '.conf')) await sleep(20);
      await platform.stop();
      platform.environment['IDLE_SLEEP_MINUTES'] = NEVER;
      const some = await restFigures(platform, projects.slice(0, AWAKE));
      return [...wakes, ...some, ...(await restFigures(platform, projects))];
    } finally {
      await platform.close();
    }
  },
};

export async function served(platform: PlatformUnderTest, token: string, name: string): Promise<Served> {
  const made = await platform.call<{ id: string }>('POST', '/api/projects', { token, body: { name } });
  const { id } = made.body;
  const query = `CREATE TABLE milk AS SELECT 1 AS id`;
  await platform.call('POST', `/api/projects/${id}/sql`, { token, body: { query } });
  const keys = await platform.call<{ anon_key: string }>('GET', `/api/projects/${id}/keys`, { token });
  return { id, headers: { apikey: keys.body.anon_key } };
}

async function row(platform: PlatformUnderTest, { id, headers }: Served): Promise<void> {
  const { status } = await platform.call('GET', `/project/${id}/rest/v1/milk`, { headers });
  if (status !== 200) throw new Error(`${id} answered ${status}`);
}

/** @param program a part of its command line */
const runs = async (platform: PlatformUnderTest, program: string): Promise<boolean> =>
  (await platform.programs(program)).some(({ command }) => command.includes('postgrest'));

/** @param isAwake whether its REST API runs. @param targetMs of the median */
export async function wakeFigures(
  platform: PlatformUnderTest,
  project: Served,
  isAwake: () => Promise<boolean>,
  targetMs: number,
): Promise<Figure[]> {
  const values: number[] = [];
  for (let at = 0; at < WAKES; at++) {
    while (await isAwake()) await sleep(20);
    // what follows its end, such as the last event, is not to be measured
    await sleep(100);
    values.push(await timed(() => row(platform, project)));
  }
  return [
    {
      what: 'first request to a sleeping project, answered',
      values,
      unit: 'ms',
      target: `at most ${targetMs}`,
    },
    { what: 'the same, 95 % are not above', values: [quantile(values, 0.95)], unit: 'ms' },
  ];
}

/** Wakes these, and starts the platform with them awake and the others as they are. */
async function restFigures(platform: PlatformUnderTest, awake: readonly Served[]): Promise<Figure[]> {
  await platform.start();
  for (const project of awake) await row(platform, project);
  const starts: number[] = [];
  for (let at = 0; at < STARTS; at++) {
    await platform.stop();
    starts.push(await timed(() => platform.start()));
  }
  await sleep(SETTLED_AFTER_MS);
  const programs = await platform.programs('');
  const apis = programs.filter(({ command }) => command.includes('postgrest') && command.includes('.conf'));
  const with_ = `${PROJECTS} projects, ${PROJECTS - awake.length} asleep`;
  const figure = async (what: string, pids: readonly number[]): Promise<Figure> => {
    const shares = await Promise.all(pids.map(proportionalMib));
    return { what: `${with_}: memory of ${what}`, values: [shares.reduce((a, b) => a + b, 0)], unit: 'MiB' };
  };
  const figures = [
    { what: `${with_}: start, until all answer`, values: starts, unit: 'ms' },
    await figure('our Node process', platform.pids),
    await figure(
      `${apis.length} PostgREST`,
      apis.map(({ pid }) => pid),
    ),
  ];
  await platform.stop();
  return figures;
}

/** A program's own memory and its share of what it has in common with others (Linux), in MiB. */
async function proportionalMib(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) / 1024;
}
