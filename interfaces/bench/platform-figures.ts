/** What a person waits for: a new project's first row, the start of the platform; and what it holds while idle. */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { PlatformUnderTest } from '../acceptance/platform-under-test.ts';
import { timed, type Figure, type Section } from './figures.ts';

const ONE_AFTER_ANOTHER = 15;
const ROUNDS_OF_FIVE = 4;
const PROJECTS_AT_START = 10;
const STARTS = 5;
const IDLE_AFTER_MS = 5_000;
/** of the older LaunchDB, measured once on another run of such a machine: not side by side */
const OLDER = 'the older LaunchDB, measured apart';

interface Created {
  readonly answeredMs: number;
  readonly firstRowMs: number;
}

/** From the request for a project to the first row of a table of it over REST. */
async function firstRow(platform: PlatformUnderTest, token: string, name: string): Promise<Created> {
  const from = performance.now();
  const made = await platform.call<{ id: string }>('POST', '/api/projects', { token, body: { name } });
  const answeredMs = performance.now() - from;
  const { id } = made.body;
  const query = `CREATE TABLE milk AS SELECT 1 AS id`;
  await platform.call('POST', `/api/projects/${id}/sql`, { token, body: { query } });
  const keys = await platform.call<{ anon_key: string }>('GET', `/api/projects/${id}/keys`, { token });
  const headers = { apikey: keys.body.anon_key };
  for (;;) {
    const answer = await platform.call<unknown>('GET', `/project/${id}/rest/v1/milk`, { headers });
    if (answer.status === 200 && Array.isArray(answer.body) && answer.body.length === 1) break;
    await sleep(2);
  }
  return { answeredMs, firstRowMs: performance.now() - from };
}

/** Resident memory of the platform's own Node processes, in MiB (Linux). */
async function residentMib(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
}

export const platformFigures: Section = {
  name: 'platform',
  summary: 'first row of a new project, start, idle memory (process runtime, embedded PostgreSQL, PgBouncer)',
  async run(): Promise<readonly Figure[]> {
    const platform = await PlatformUnderTest.create({ LOG_LEVEL: 'warn' });
    try {
      await platform.start();
      const token = await platform.owner('bench');
      const created = await createdFigures(platform, token, { oneMs: 500, fiveMs: 1_500 });
      await leaveProjects(platform, token, PROJECTS_AT_START);
      await platform.stop();
      return [...created, ...(await startFigures(platform))];
    } finally {
      await platform.close();
    }
  },
};

const older = (value: number) => ({ beside: { what: OLDER, value } });

interface Targets {
  readonly oneMs: number;
  readonly fiveMs: number;
}

export async function createdFigures(
  platform: PlatformUnderTest,
  token: string,
  { oneMs, fiveMs }: Targets,
): Promise<Figure[]> {
  const single: Created[] = [];
  for (let at = 0; at < ONE_AFTER_ANOTHER; at++) single.push(await firstRow(platform, token, `single-${at}`));
  const five: Created[] = [];
  for (let round = 0; round < ROUNDS_OF_FIVE; round++) {
    const names = Array.from({ length: 5 }, (_, at) => `five-${round}-${at}`);
    five.push(...(await Promise.all(names.map((name) => firstRow(platform, token, name)))));
  }
  const answered = single.map((one) => one.answeredMs);
  const [alone, together] = [single, five].map((all) => all.map((one) => one.firstRowMs));
  return [
    { what: 'POST answered (active), one after another', values: answered, unit: 'ms', ...older(7_000) },
    {
      what: 'first REST row, one after another',
      values: alone ?? [],
      unit: 'ms',
      target: `at most ${oneMs}`,
      ...older(1_200),
    },
    {
      what: 'first REST row, 5 at once',
      values: together ?? [],
      unit: 'ms',
      target: `at most ${fiveMs}`,
      ...older(6_900),
    },
  ];
}

async function leaveProjects(platform: PlatformUnderTest, token: string, count: number): Promise<void> {
  const list = () =>
    platform.call<{ projects: { id: string; name: string }[] }>('GET', '/api/projects?limit=200', { token });
  for (const { id, name } of (await list()).body.projects.slice(count)) {
    await platform.call('DELETE', `/api/projects/${id}?purge=true`, { token, body: { name } });
  }
  while ((await list()).body.projects.length > count) await sleep(50);
}

async function startFigures(platform: PlatformUnderTest): Promise<Figure[]> {
  const starts: number[] = [];
  for (let at = 0; at < STARTS; at++) {
    starts.push(await timed(() => platform.start()));
    if (at < STARTS - 1) await platform.stop();
  }
  await sleep(IDLE_AFTER_MS);
  const what = `start with ${PROJECTS_AT_START} projects, until all answer`;
  const idle = [await residentMib(platform.pids[0] ?? 0)];
  return [
    { what, values: starts, unit: 'ms', target: 'at most 5,000' },
    {
      what: 'idle memory of our Node process',
      values: idle,
      unit: 'MiB',
      target: 'at most 200',
      ...older(431),
    },
  ];
}
