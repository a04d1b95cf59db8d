/** The two routes of a data API to its database: through PgBouncer, and straight to PostgreSQL. */
import { execFile } from 'node:child_process';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { findPostgrest } from '../../../infrastructure/process/binaries.ts';
import { testFolder } from '../../../infrastructure/testing/folder.ts';
import { testPort } from '../../../infrastructure/testing/port.ts';
import { load } from '../autocannon.ts';
import { proportionalMib } from '../process-memory.ts';
import { runBeside } from '../programs-beside.ts';
import type { Context, FigureSpec, Group, Measured, Section } from '../section.ts';
import { doorOf, type Door } from './door.ts';

const CONNECTIONS = 32;
const POOLER = 'through PgBouncer';
const DIRECT = 'straight to PostgreSQL';

export const section: Section = {
  name: 'route',
  summary: `DATA_API_ROUTE=pooler and direct: one row by its key at PostgREST itself, ${CONNECTIONS} connections (autocannon); connections and memory that are held; with and without prepared statements, through PgBouncer from 1.21 on`,
  groups: [
    { name: 'routes', main: true, prepare: routes },
    { name: 'prepared statements', prepare: preparedStatements },
  ],
};

async function routes(context: Context): Promise<Group> {
  const ways = Object.fromEntries([
    [POOLER, await route(context, 'pooler')],
    [DIRECT, await route(context, 'direct')],
  ]);
  return {
    ways,
    figures: [
      compared('requests', 'requests/s', 'rate'),
      compared('p50', 'ms', 'p50'),
      compared('p99', 'ms', 'p99'),
      compared('sessions of PostgreSQL under load', 'sessions', 'sessions'),
      compared('memory of PostgREST', 'MiB', 'memory'),
    ],
  };
}

const compared = (name: string, unit: string, measure: string): FigureSpec => ({
  name: `${name}, ${POOLER}, of ${DIRECT}`,
  unit,
  of: [POOLER, measure] satisfies Measured,
  beside: [DIRECT, measure],
});

async function route(context: Context, way: 'pooler' | 'direct') {
  const platform = await context.platform();
  const { id, direct } = await doorOf(platform, way);
  const sessions = async () => {
    const rows = await platform.sql(`SELECT 1 FROM pg_stat_activity WHERE datname = $1 AND usename = $2`, [
      id,
      `${id}_authenticator`,
    ]);
    return rows.length;
  };
  return async () => {
    const measured = await load(direct, CONNECTIONS, context.seconds);
    const apis = await platform.programs(`${id}.conf`);
    return {
      ...measured,
      sessions: await sessions(),
      memory: await proportionalMib(apis.map(({ pid }) => pid)),
    };
  };
}

/** the first release that knows prepared statements of clients in its transaction mode */
const PREPARES_SINCE = [1, 21] as const;
/** for each of the pooler's sessions; until 1.23 it has none unless it is told to */
const OF_POOLER = '\nmax_prepared_statements = 200\n';
const TAKEN_UP_MS = 3_000;

async function preparedStatements(context: Context): Promise<Group> {
  const routes = (await poolerPrepares()) ? (['direct', 'pooler'] as const) : (['direct'] as const);
  const ways = await Promise.all(
    routes.map(async (way) => {
      const platform = await context.platform();
      const door = await doorOf(platform, way);
      if (way === 'pooler') {
        await appendFile(join(platform.dataDir, 'pgbouncer', 'pgbouncer.ini'), OF_POOLER);
        await sleep(TAKEN_UP_MS);
      }
      const [yes, no] = [await besideIt(context, door, true), await besideIt(context, door, false)];
      return [
        [`${way}, prepared`, () => load(yes, CONNECTIONS, context.seconds)],
        [`${way}, not prepared`, () => load(no, CONNECTIONS, context.seconds)],
      ] as const;
    }),
  );
  return {
    ways: Object.fromEntries(ways.flat()),
    figures: routes.flatMap((way) =>
      (['rate', 'p99'] as const).map((measure) => ({
        name: `${measure === 'rate' ? 'requests' : 'p99'}, ${way}, prepared, of not prepared`,
        unit: measure === 'rate' ? 'requests/s' : 'ms',
        of: [`${way}, prepared`, measure] as const,
        beside: [`${way}, not prepared`, measure] as const,
      })),
    ),
  };
}

async function poolerPrepares(): Promise<boolean> {
  const { stdout } = await promisify(execFile)('pgbouncer', ['--version']).catch(() => ({ stdout: '' }));
  const [major = 0, minor = 0] = (/ (\d+)\.(\d+)/.exec(stdout) ?? []).slice(1).map(Number);
  return major > PREPARES_SINCE[0] || (major === PREPARES_SINCE[0] && minor >= PREPARES_SINCE[1]);
}

/** Another PostgREST of the same project, by the same route. */
async function besideIt(context: Context, { platform, id, direct }: Door, prepares: boolean) {
  const folder = await testFolder();
  context.atEnd(() => folder.remove());
  const [port, adminPort] = [await testPort(), await testPort()];
  const conf = await readFile(join(platform.dataDir, 'postgrest', `${id}.conf`), 'utf8');
  const file = join(folder.path, 'postgrest.conf');
  const changed = conf
    .replace(/^server-port = .*$/m, `server-port = ${port}`)
    .replace(/^admin-server-port = .*$/m, `admin-server-port = ${adminPort}`)
    .replace(/^db-prepared-statements = .*$/m, `db-prepared-statements = ${prepares}`);
  await writeFile(file, changed);
  const running = await runBeside(await findPostgrest(undefined), [file], `http://127.0.0.1:${port}/`);
  context.atEnd(() => running.stop());
  const { pathname, search } = new URL(direct.url);
  return { ...direct, url: `http://127.0.0.1:${port}${pathname}${search}` };
}
