/** Many projects are brought to a new version of the template; meanwhile somebody asks another one for rows. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { LaterRelease } from '../../acceptance/later-release.ts';
import type { PlatformUnderTest } from '../../acceptance/platform-under-test.ts';
import { oneRow, postgrestRuns, servedProject, servedProjects, type Served } from '../bench-project.ts';
import type { Context, Group, Section } from '../section.ts';
import { timed } from '../timed.ts';

const PROJECTS = { quick: 1, whole: 100 };
/** each may have 11, and the platform has its own */
const SESSIONS = { quick: 300, whole: 1_600 };
const BEFORE_MS = { quick: 300, whole: 10_000 };
const MADE_AT_ONCE = 2;
/** between two requests of one who asks: as many are under way before it as during it, and the machine is not full */
const PAUSE_MS = 20;
const ASKING = 2;
const MIGRATION = `CREATE TABLE auth.bench_sessions (id uuid PRIMARY KEY, user_id uuid NOT NULL, created_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX ON auth.bench_sessions (user_id);
CREATE FUNCTION public.bench_version() RETURNS int LANGUAGE sql STABLE AS 'SELECT 6';`;
const BEFORE = 'before the upgrade';

export const section: Section = {
  name: 'upgrade',
  summary: `launchdb upgrade --all of ${PROJECTS.whole} projects that sleep (quick: ${PROJECTS.quick}), and one that is asked for a row meanwhile`,
  groups: [{ name: 'upgrade', main: true, prepare: upgrade }],
};

async function upgrade(context: Context): Promise<Group> {
  const size = context.quick ? 'quick' : 'whole';
  const [count, beforeMs] = [PROJECTS[size], BEFORE_MS[size]];
  const platform = await context.newPlatform({
    IDLE_SLEEP_MINUTES: '0.02',
    POSTGRES_MAX_CONNECTIONS: String(SESSIONS[size]),
  });
  context.atEnd(() => platform.close());
  await platform.start();
  const asked = await servedProject(platform);
  await servedProjects(platform, count, MADE_AT_ONCE);
  while (await postgrestRuns(platform)) await sleep(100);
  await platform.stop();
  platform.environment['IDLE_SLEEP_MINUTES'] = '0';
  await (await LaterRelease.of(platform)).add('bench', MIGRATION);
  await platform.start();
  const whileAsked = async (ms: number) => {
    const ask = asking(platform, asked);
    await sleep(ms);
    return ask();
  };
  await whileAsked(Math.min(beforeMs, 2_000));
  return {
    rounds: 1,
    warmUp: false,
    ways: {
      [BEFORE]: async () => ({ ms: await whileAsked(beforeMs) }),
      upgrade: () => upgraded(platform, asked),
      'after it': async () => ({ ms: await whileAsked(beforeMs) }),
    },
    figures: [
      {
        name: 'one row of another project over REST, p99, during it',
        unit: 'ms',
        of: ['upgrade', 'ms'],
        quantile: 0.99,
        beside: [BEFORE, 'ms'],
        goal: { ratioAtMost: 2 },
      },
      {
        name: `upgrade of ${count + 1} projects, with the start of the command`,
        unit: 's',
        of: ['upgrade', 'seconds'],
        goal: { valueAtMost: 30 },
      },
      {
        name: 'the same, p99, after it',
        unit: 'ms',
        of: ['after it', 'ms'],
        quantile: 0.99,
        beside: [BEFORE, 'ms'],
      },
    ],
  };
}

/** Asked from the moment on at which the upgrade has begun: before it the command's own start takes the machine. */
async function upgraded(platform: PlatformUnderTest, asked: Served) {
  const startedAt = performance.now();
  const child = platform.launchdbProcess('upgrade', '--all');
  let said = '';
  child.stdout?.on('data', (text: Buffer) => (said += text.toString()));
  const closed = once(child, 'close');
  while (!said.includes('goes first, on its own') && child.exitCode === null) await sleep(5);
  const ask = asking(platform, asked);
  await closed;
  const seconds = (performance.now() - startedAt) / 1_000;
  if (!said.includes('Every project in service is at version')) throw new Error(`it said:\n${said}`);
  return { seconds, ms: await ask() };
}

/** Some ask for a row again and again. @returns ends it, and says how long each answer took, in ms */
function asking(platform: PlatformUnderTest, project: Served): () => Promise<number[]> {
  const took: number[] = [];
  let on = true;
  const lanes = Array.from({ length: ASKING }, async () => {
    while (on) {
      took.push(await timed(() => oneRow(platform, project)));
      await sleep(PAUSE_MS);
    }
  });
  return async () => {
    on = false;
    await Promise.all(lanes);
    return took;
  };
}
