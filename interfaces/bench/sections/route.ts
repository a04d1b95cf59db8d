/** The two routes of a data API to its database: through PgBouncer, and straight to PostgreSQL. */
import { load } from '../autocannon.ts';
import { proportionalMib } from '../process-memory.ts';
import type { Context, FigureSpec, Group, Measured, Section } from '../section.ts';
import { doorOf } from './door.ts';

const CONNECTIONS = 32;
const POOLER = 'through PgBouncer';
const DIRECT = 'straight to PostgreSQL';

export const section: Section = {
  name: 'route',
  summary: `DATA_API_ROUTE=pooler and direct: one row by its key at PostgREST itself, ${CONNECTIONS} connections (autocannon); connections and memory that are held`,
  groups: [{ name: 'routes', main: true, prepare: routes }],
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
  // the pooler is the default
  const platform = await context.platform(way === 'pooler' ? {} : { DATA_API_ROUTE: way });
  const { id, direct } = await doorOf(platform);
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
