/** Many projects are brought to a new version of the template; meanwhile somebody asks another one for rows. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { LaterRelease } from '../acceptance/later-release.ts';
import { PlatformUnderTest } from '../acceptance/platform-under-test.ts';
import { quantile, timed, type Figure, type Section } from './figures.ts';

const PROJECTS = 100;
const MADE_AT_ONCE = 2;
const BEFORE_MS = 10_000;
/** between two requests of one who asks: as many are under way before it as during it, and the machine is not full */
const PAUSE_MS = 20;
const ASKING = 2;
const MIGRATION = `CREATE TABLE auth.bench_sessions (id uuid PRIMARY KEY, user_id uuid NOT NULL, created_at timestamptz NOT NULL DEFAULT now());
CREATE INDEX ON auth.bench_sessions (user_id);
CREATE FUNCTION public.bench_version() RETURNS int LANGUAGE sql STABLE AS 'SELECT 6';`;

interface Row {
  readonly id: string;
  readonly apikey: string;
}

export const upgradeFigures: Section = {
  name: 'upgrade',
  summary: `launchdb upgrade --all of ${PROJECTS} projects that sleep, and one that is asked meanwhile (process runtime, PgBouncer, one process)`,
  async run(): Promise<readonly Figure[]> {
    const platform = await PlatformUnderTest.create({ LOG_LEVEL: 'warn', IDLE_SLEEP_MINUTES: '0.02' });
    try {
      await platform.start();
      const token = await platform.owner('bench');
      const asked = await madeProject(platform, token, 'asked');
      for (let at = 0; at < PROJECTS; at += MADE_AT_ONCE) {
        const names = Array.from({ length: MADE_AT_ONCE }, (_, nth) => `project-${at + nth}`);
        await Promise.all(names.map((name) => madeProject(platform, token, name)));
      }
      await asleep(platform);
      await platform.stop();
      platform.environment['IDLE_SLEEP_MINUTES'] = '0';
      await (await LaterRelease.of(platform)).add('bench', MIGRATION);
      await platform.start();
      return await figures(platform, asked);
    } finally {
      await platform.close();
    }
  },
};

async function figures(platform: PlatformUnderTest, asked: Row): Promise<Figure[]> {
  const warm = asking(platform, asked);
  await sleep(2_000);
  await warm();
  const ask = asking(platform, asked);
  await sleep(BEFORE_MS);
  const before = await ask();
  const { ms, during } = await upgraded(platform, asked);
  const after = asking(platform, asked);
  await sleep(BEFORE_MS);
  const [p99, p99After] = [quantile(before, 0.99), quantile(await after(), 0.99)];
  const beside = { what: 'before it', value: p99 };
  return [
    {
      what: `upgrade of ${PROJECTS + 1} projects, with the start of the command`,
      values: [ms / 1000],
      unit: 's',
      target: 'at most 30',
    },
    { what: 'one row of another project over REST, before', values: before, unit: 'ms' },
    { what: 'the same during it', values: during, unit: 'ms' },
    {
      what: 'the same during it, 99 % are not above',
      values: [quantile(during, 0.99)],
      unit: 'ms',
      target: 'at most 2 x',
      beside,
    },
    { what: 'the same after it, 99 % are not above', values: [p99After], unit: 'ms', beside },
  ];
}

/** Asked from the moment on at which the upgrade has begun: before it the command's own start takes the machine. */
async function upgraded(platform: PlatformUnderTest, asked: Row): Promise<{ ms: number; during: number[] }> {
  const startedAt = performance.now();
  const child = platform.launchdbProcess('upgrade', '--all');
  let said = '';
  child.stdout?.on('data', (text: Buffer) => (said += text.toString()));
  const closed = once(child, 'close');
  while (!said.includes('goes first, on its own') && child.exitCode === null) await sleep(5);
  const ask = asking(platform, asked);
  await closed;
  const ms = performance.now() - startedAt;
  if (!said.includes('Every project in service is at version')) throw new Error(`it said:\n${said}`);
  return { ms, during: await ask() };
}

async function madeProject(platform: PlatformUnderTest, token: string, name: string): Promise<Row> {
  const made = await platform.call<{ id: string }>('POST', '/api/projects', { token, body: { name } });
  const { id } = made.body;
  const query = 'CREATE TABLE milk AS SELECT 1 AS id';
  await platform.call('POST', `/api/projects/${id}/sql`, { token, body: { query } });
  const keys = await platform.call<{ anon_key: string }>('GET', `/api/projects/${id}/keys`, { token });
  return { id, apikey: keys.body.anon_key };
}

async function asleep(platform: PlatformUnderTest): Promise<void> {
  const runs = async () =>
    (await platform.programs('.conf')).some(({ command }) => command.includes('postgrest'));
  while (await runs()) await sleep(100);
}

/** Some ask for a row again and again. @returns ends it, and says how long each answer took, in ms */
function asking(platform: PlatformUnderTest, { id, apikey }: Row): () => Promise<number[]> {
  const took: number[] = [];
  let on = true;
  const lanes = Array.from({ length: ASKING }, async () => {
    while (on) {
      const ms = await timed(async () => {
        const { status } = await platform.call('GET', `/project/${id}/rest/v1/milk`, { headers: { apikey } });
        if (status !== 200) throw new Error(`${id} answered ${status}`);
      });
      took.push(ms);
      await sleep(PAUSE_MS);
    }
  });
  return async () => {
    on = false;
    await Promise.all(lanes);
    return took;
  };
}
