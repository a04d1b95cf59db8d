/**
 * What a person waits for: from the request for a project to the first row of a table of it over REST. Beside it the bare sum,
 * which no platform can do without: a copy of the template database, and the start of a PostgREST on it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PlatformUnderTest } from '../../acceptance/platform-under-test.ts';
import { BareProjects } from '../bare-postgrest.ts';
import { created, ownerOf } from '../bench-project.ts';
import type { Context, FigureSpec, Goal, Group, Section } from '../section.ts';
import { timed } from '../timed.ts';

const COLD = { SPARE_PROJECTS: '0' };
const SPARES = { SPARE_PROJECTS: '2' };
/** the spare that was taken is there again */
const REFILLED_AFTER_MS = 1_500;
const BARE = 'the bare sum';
const WAYS = { cold: 'cold', spare: 'with spares' } as const;

export const section: Section = {
  name: 'provision',
  summary:
    'from POST until the first REST row; beside a copy of the template and the start of a bare PostgREST',
  groups: [
    { name: 'one after another', main: true, prepare: one },
    { name: '5 at once', prepare: (context) => atOnce(context, 5) },
    { name: '20 at once', prepare: (context) => atOnce(context, 20, { ratioAtMost: 1.2 }) },
  ],
};

async function bareOn(context: Context, platform: PlatformUnderTest): Promise<BareProjects> {
  const bare = await BareProjects.on(platform);
  context.atEnd(() => bare.close());
  return bare;
}

async function one(context: Context): Promise<Group> {
  const cold = await context.platform(COLD);
  const spares = await context.platform(SPARES);
  const bare = await bareOn(context, cold);
  const [coldToken, sparesToken] = [await ownerOf(cold), await ownerOf(spares)];
  return {
    rounds: 15,
    ways: {
      [WAYS.cold]: () => created(cold, coldToken),
      [BARE]: async () => {
        let name = '';
        const copy = await timed(async () => (name = await bare.copy()));
        const start = await timed(() => bare.start(name));
        await bare.stop();
        return { firstRow: copy + start, copy, start };
      },
      [WAYS.spare]: async () => {
        await sleep(REFILLED_AFTER_MS);
        return created(spares, sparesToken);
      },
    },
    figures: [
      first('POST until the first REST row, cold', WAYS.cold, { ratioAtMost: 1.5 }),
      first('POST until the first REST row, spare, p50', WAYS.spare, { valueAtMost: 50 }),
      {
        ...first('POST until the first REST row, spare, p95', WAYS.spare, { valueAtMost: 120 }),
        quantile: 0.95,
      },
      { name: 'POST answered (active), cold', unit: 'ms', of: [WAYS.cold, 'answered'] },
      { name: 'POST answered (active), spare', unit: 'ms', of: [WAYS.spare, 'answered'] },
      { name: 'copy of the template', unit: 'ms', of: [BARE, 'copy'] },
      { name: 'start of a bare PostgREST', unit: 'ms', of: [BARE, 'start'] },
    ],
  };
}

const first = (name: string, way: string, goal?: Goal): FigureSpec => ({
  name,
  unit: 'ms',
  of: [way, 'firstRow'],
  beside: [BARE, 'firstRow'],
  ...(goal && { goal }),
});

/** Until the last of them has its row. */
async function atOnce(context: Context, count: number, goal?: Goal): Promise<Group> {
  const platform = await context.platform(SPARES);
  const bare = await bareOn(context, platform);
  const token = await ownerOf(platform);
  const all = (work: () => Promise<unknown>) =>
    timed(() => Promise.all(Array.from({ length: count }, () => work())));
  return {
    rounds: 3,
    ways: {
      [WAYS.spare]: async () => {
        await sleep(2 * REFILLED_AFTER_MS);
        return { firstRow: await all(() => created(platform, token)) };
      },
      [BARE]: async () => {
        const firstRow = await all(() => bare.sum());
        await bare.stop();
        return { firstRow };
      },
    },
    figures: [first(`${count} at once with 2 spares, until the last has its first row`, WAYS.spare, goal)],
  };
}
