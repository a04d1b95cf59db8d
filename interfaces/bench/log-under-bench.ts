/** A server with a long log in it, which several sections read. To fill it takes most of their time. */
import { benchServer, sharedServer, type BenchServer } from './bench-server.ts';
import { EVENTS_PER_PROJECT, fillLog, PROJECTS } from './long-log.ts';
import type { Context } from './section.ts';
import { timed } from './timed.ts';

const QUICK_PROJECTS = 1_000;

async function filledLog(server: BenchServer, projects: number) {
  const store = server.store();
  const ms = await timed(() => fillLog(store, 'paused', projects));
  const events = projects * EVENTS_PER_PROJECT;
  return {
    server,
    store,
    projects,
    events,
    filledPerSecond: events / (ms / 1_000),
    close: () => server.close(),
  };
}

export type FilledLog = Awaited<ReturnType<typeof filledLog>>;

export const longLog = (context: Context): Promise<FilledLog> =>
  context.shareWithAll('long log', async () =>
    context.quick
      ? filledLog(await sharedServer(context), QUICK_PROJECTS)
      : filledLog(await benchServer(), PROJECTS),
  );
