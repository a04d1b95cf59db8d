/**
 * Mixed load for minutes: rows over REST, statements, sign-ins, files, projects that come and go, and some that fall asleep and
 * are woken. What the platform holds after a fifth of the time and at the end, and what is left of what has gone.
 */
import { readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PlatformUnderTest } from '../../acceptance/platform-under-test.ts';
import { oneRow, ownerOf, servedProject, servedProjects, type Served } from '../bench-project.ts';
import { residentMib } from '../process-memory.ts';
import type { Context, Group, Section } from '../section.ts';
import { median } from '../statistics.ts';

const STANDING = { quick: 3, whole: 6 };
const QUICK_MS = 2_000;
/** of the whole time: what is not taken yet, such as compiled code, is taken by then */
const SETTLED_SHARE = 0.2;
const LOOK_EVERY_MS = 1_000;
const PURGED_WITHIN_MS = 60_000;

export const section: Section = {
  name: 'soak',
  summary:
    '10 minutes (--minutes) of mixed load on a platform whose projects sleep: memory, and what is left of what has gone',
  groups: [{ name: 'soak', main: true, prepare: soak }],
};

async function soak(context: Context): Promise<Group> {
  const platform = await context.platform({ IDLE_SLEEP_MINUTES: context.quick ? '0.01' : '0.1' });
  const standing = await servedProjects(platform, context.quick ? STANDING.quick : STANDING.whole);
  const ms = context.quick ? QUICK_MS : context.minutes * 60_000;
  return {
    rounds: 1,
    warmUp: false,
    ways: { soak: () => soaked(platform, standing, ms) },
    figures: [
      {
        name: 'memory at the end, of that after a fifth of the time',
        unit: 'MiB',
        of: ['soak', 'last'],
        beside: ['soak', 'first'],
        goal: { ratioAtMost: 1.1 },
      },
      {
        name: 'left of projects that are gone',
        unit: 'things',
        of: ['soak', 'leaked'],
        goal: { valueAtMost: 0 },
      },
      {
        name: 'open files at the end, more than then',
        unit: 'files',
        of: ['soak', 'files'],
        goal: { valueAtMost: 20 },
      },
      { name: 'answers', unit: '/s', of: ['soak', 'rate'] },
      {
        name: 'answers that were no good ones',
        unit: 'answers',
        of: ['soak', 'failures'],
        goal: { valueAtMost: 0 },
      },
      { name: 'projects made and purged meanwhile', unit: 'projects', of: ['soak', 'projects'] },
    ],
  };
}

async function soaked(platform: PlatformUnderTest, standing: readonly Served[], ms: number) {
  const until = performance.now() + ms;
  const gone: string[] = [];
  let [answers, failures] = [0, 0];
  const again = async (work: () => Promise<unknown>, pauseMs: number) => {
    while (performance.now() < until) {
      await work().then(
        () => answers++,
        () => failures++,
      );
      // nobody waits for what is not done any more
      await sleep(Math.max(0, Math.min(pauseMs, until - performance.now())));
    }
  };
  const held = watched(platform, until, ms);
  const [busy, ...others] = standing;
  if (!busy) throw new Error('no project');
  await Promise.all([
    ...[1, 2, 3, 4].map(() => again(() => oneRow(platform, busy), 5)),
    again(() => statement(platform, busy), 100),
    again(() => signUp(platform, busy, answers), 500),
    // they sleep in between, the last ones always
    ...others.map((project, nth) => again(() => oneRow(platform, project), 5_000 * (nth + 1))),
    again(async () => gone.push(await comeAndGone(platform)), 1_000),
  ]);
  const seen = await held;
  return {
    ...seen,
    rate: answers / (ms / 1_000),
    failures,
    projects: gone.length,
    leaked: await leaked(platform, gone),
  };
}

/** Looks at the process now and then. */
async function watched(platform: PlatformUnderTest, until: number, ms: number) {
  const [memory, files]: [number[], number[]] = [[], []];
  const [pid = 0] = platform.pids;
  const looks = Math.floor(ms / LOOK_EVERY_MS);
  while (performance.now() < until) {
    memory.push(await residentMib(pid));
    files.push((await readdir(`/proc/${pid}/fd`)).length);
    await sleep(LOOK_EVERY_MS);
  }
  const window = Math.max(1, Math.floor(looks / 10));
  const from = Math.floor(memory.length * SETTLED_SHARE);
  const first = (values: readonly number[]) => median(values.slice(from, from + window));
  const last = (values: readonly number[]) => median(values.slice(-window));
  return { first: first(memory), last: last(memory), files: last(files) - first(files) };
}

async function statement(platform: PlatformUnderTest, project: Served): Promise<void> {
  const body = { query: 'SELECT count(*) FROM milk' };
  const token = await ownerOf(platform);
  good((await platform.call('POST', `/api/projects/${project.id}/sql`, { token, body })).status);
}

async function signUp(platform: PlatformUnderTest, project: Served, nth: number): Promise<void> {
  const body = { email: `soak-${nth}@example.com`, password: 'correct horse battery' };
  const headers = project.headers;
  const { status } = await platform.call('POST', `/project/${project.id}/auth/v1/signup`, { headers, body });
  // an address signs up so many in an hour only
  if (status !== 429) good(status);
}

/** @returns the id of a project that was made, asked and purged */
async function comeAndGone(platform: PlatformUnderTest): Promise<string> {
  const token = await ownerOf(platform);
  const { id } = await servedProject(platform);
  const { body } = await platform.call<{ name: string }>('GET', `/api/projects/${id}`, { token });
  const answer = await platform.call('DELETE', `/api/projects/${id}?purge=true`, {
    token,
    body: { name: body.name },
  });
  good(answer.status);
  return id;
}

/** @throws it says that something went wrong */
function good(status: number): void {
  if (status >= 300) throw new Error(`it answered ${status}`);
}

/** Databases, roles, pool entries and programs of projects that are gone, once they had the time to go. */
async function leaked(platform: PlatformUnderTest, gone: readonly string[]): Promise<number> {
  const deadline = performance.now() + PURGED_WITHIN_MS;
  for (;;) {
    let left = 0;
    for (const id of gone) {
      const { databases, roles, pools, postgrests } = await platform.resources(id);
      left += databases + roles + pools + postgrests;
    }
    if (left === 0 || performance.now() > deadline) return left;
    await sleep(500);
  }
}
