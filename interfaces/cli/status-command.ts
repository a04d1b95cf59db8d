/** `status`: how the platform stands, as the operator's API tells it. */
import { driftNow, failuresNow, viewsNow } from '../../application/operator/platform-state.ts';
import type { Operator } from '../composition/operator.ts';
import type { Command } from './command.ts';

export const statusCommand: Command = {
  name: 'status',
  usage: '[--json]',
  summary: 'Show room, pools, REST APIs, views, background work, drift, and what is stuck.',
  flags: ['json'],
  arguments: [0, 0],
  async run(operator, { flags, say }) {
    const status = await statusOf(operator);
    if (flags.has('json')) say(JSON.stringify(status, asText));
    else for (const line of linesOf(status)) say(line);
    return status.failures.length === 0 ? 0 : 2;
  },
};

type Status = Awaited<ReturnType<typeof statusOf>>;

async function statusOf(operator: Operator) {
  const { dataPlane, tasks, countByStatus } = operator;
  return {
    room: await dataPlane.room(),
    projects: await countByStatus(),
    pools: await dataPlane.pools(),
    dataApis: await dataPlane.dataApis(),
    ...(await viewsNow(operator)),
    tasks: await tasks.read(),
    drift: await driftNow(operator),
    failures: await failuresNow(operator),
  };
}

function linesOf({ room, projects, pools, dataApis, views, tasks, drift, failures }: Status): string[] {
  const wanted = dataApis.filter((api) => api.wanted);
  const standing = wanted.filter(({ state }) => state === 'as-wanted');
  const open = drift.filter(({ repairedAt }) => repairedAt === null);
  const counts = Object.entries(projects).map(([status, count]) => `${count} ${status}`);
  return [
    ...room.servers.map(({ server, used, limit }) => `server ${server}: ${used} of ${limit} projects`),
    ...room.away.map((server) => `server ${server}: DOES NOT ANSWER`),
    `projects: ${counts.join(', ') || 'none'}`,
    pools.enabled
      ? `pools: ${pools.usage.length} served, ${pools.missing.length} missing`
      : 'pools: there is no pooler',
    `REST APIs: ${standing.length} of ${wanted.length} as wanted`,
    ...views.map(({ view, lag, parked }) => `view ${view}: ${lag} behind, ${parked} parked`),
    ...tasks.map(({ process, name, last }) => {
      const how = last
        ? `${last.endedAt.toISOString()}, ${Math.round(last.tookMs)} ms, ${last.failure ?? 'fine'}; next ${last.nextAt.toISOString()}`
        : 'has not run yet';
      return `task ${name} (${process}): ${how}`;
    }),
    `drift: ${drift.length} found lately, ${open.length} not repaired yet`,
    ...failures.map(({ projectId, summary }) => `STUCK ${projectId}: ${summary}`),
  ];
}

const asText = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? value.toString() : value;
