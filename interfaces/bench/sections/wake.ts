/** What sleep costs who comes: the first request to a sleeping project, beside the start of a bare PostgREST. */
import { setTimeout as sleep } from 'node:timers/promises';
import { BareProjects } from '../bare-postgrest.ts';
import { oneRow, postgrestRuns, servedProject } from '../bench-project.ts';
import type { Context, Group, Section } from '../section.ts';
import { timed } from '../timed.ts';

const BARE = 'the start of a bare PostgREST';
/** what follows its end, such as the last event, is not to be measured */
const SETTLED_MS = 100;

export const section: Section = {
  name: 'wake',
  summary:
    'the first request to a sleeping project, until its row; beside the start of a bare PostgREST on the same server',
  groups: [{ name: 'wake', main: true, prepare: wake }],
};

async function wake(context: Context): Promise<Group> {
  const platform = await context.platform({ IDLE_SLEEP_MINUTES: '0.01' });
  const bare = await BareProjects.on(platform);
  context.atEnd(() => bare.close());
  const project = await servedProject(platform);
  const database = await bare.copy();
  return {
    rounds: 20,
    ways: {
      wake: async () => {
        while (await postgrestRuns(platform, `${project.id}.conf`)) await sleep(20);
        await sleep(SETTLED_MS);
        return { ms: await timed(() => oneRow(platform, project)) };
      },
      [BARE]: async () => {
        const ms = await timed(() => bare.start(database));
        await bare.stop();
        return { ms };
      },
    },
    figures: [
      {
        name: 'first request to a sleeping project, p50',
        unit: 'ms',
        of: ['wake', 'ms'],
        beside: [BARE, 'ms'],
        goal: { ratioAtMost: 1.3 },
      },
      { name: 'first request to a sleeping project, p95', unit: 'ms', of: ['wake', 'ms'], quantile: 0.95 },
    ],
  };
}
