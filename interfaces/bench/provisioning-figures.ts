/** What the database costs a new project, of which the rest (pool, REST API) is not a part. */
import pg from 'pg';
import { templateName } from '../../infrastructure/postgres/project-template.ts';
import { PlatformUnderTest } from '../acceptance/platform-under-test.ts';
import { median, timed, type Figure, type Section } from './figures.ts';

const PROJECTS = 30;
/** the first ones read the template from the disk, and compile what they run */
const WARM_UP = 3;
const STEPS = [
  ['create-database', 'ProjectRequested', 'DatabaseCreated'],
  ['create-database-users', 'DatabaseCreated', 'DatabaseUsersCreated'],
  ['migrate-schema', 'DatabaseUsersCreated', 'SchemaMigrated'],
] as const;
const [FIRST, LAST] = ['ProjectRequested', 'SchemaMigrated'] as const;

type Times = ReadonlyMap<string, number>;

export const provisioningFigures: Section = {
  name: 'provisioning',
  summary: `the database part of ${PROJECTS} new projects, from the times of its events in the log (embedded PostgreSQL)`,
  async run(): Promise<readonly Figure[]> {
    const platform = await PlatformUnderTest.create({ LOG_LEVEL: 'warn' });
    try {
      await platform.start();
      const token = await platform.owner('bench');
      const template = await templateOf(platform);
      const [bare, projects]: [number[], Times[]] = [[], []];
      // in turns, so that both see the same machine
      for (let at = 0; at < WARM_UP + PROJECTS; at++) {
        const project = await provisioned(platform, token, `project-${at}`);
        const copied = await copy(platform, template, at);
        if (at < WARM_UP) continue;
        projects.push(project);
        bare.push(copied);
      }
      await platform.stop();
      return figures(projects, bare);
    } finally {
      await platform.close();
    }
  },
};

function figures(projects: readonly Times[], bare: readonly number[]): Figure[] {
  const between = (from: string, to: string) =>
    projects.map((times) => (times.get(to) ?? NaN) - (times.get(from) ?? NaN));
  const beside = { what: 'bare CREATE DATABASE ... TEMPLATE, same run', value: median(bare) };
  return [
    {
      what: 'from the request to the migrated schema',
      values: between(FIRST, LAST),
      unit: 'ms',
      target: 'at most 120',
      beside,
    },
    ...STEPS.map(([what, from, to]) => ({ what, values: between(from, to), unit: 'ms' })),
    { what: 'bare CREATE DATABASE ... TEMPLATE', values: bare, unit: 'ms' },
  ];
}

/** When each of its events was recorded. The first step begins as soon as the request is in the log. */
async function provisioned(platform: PlatformUnderTest, token: string, name: string): Promise<Times> {
  const { body } = await platform.call<{ id: string }>('POST', '/api/projects', { token, body: { name } });
  const rows = await platform.sql<{ type: string; recorded_at: Date }>(
    'SELECT type, recorded_at FROM log.events WHERE stream = $1',
    [`project-${body.id}`],
    'launchdb',
  );
  return new Map(rows.map(({ type, recorded_at: at }) => [type, at.getTime()]));
}

async function templateOf(platform: PlatformUnderTest): Promise<string> {
  const [row] = await platform.sql<{ name: string }>(
    'SELECT datname AS name FROM pg_database WHERE datistemplate AND starts_with(datname, $1)',
    [templateName(0).replace(/0$/, '')],
  );
  if (!row) throw new Error('no template');
  return row.name;
}

/** By a session that is there already. It stays: to drop it takes a checkpoint, which the next one would pay for. */
async function copy(platform: PlatformUnderTest, template: string, nth: number): Promise<number> {
  const client = new pg.Client(platform.superuser());
  await client.connect();
  try {
    const made = `CREATE DATABASE bare_${nth} TEMPLATE ${template} STRATEGY WAL_LOG ALLOW_CONNECTIONS false`;
    return await timed(() => client.query(made));
  } finally {
    await client.end();
  }
}
