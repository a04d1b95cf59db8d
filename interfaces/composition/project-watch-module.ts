/** What the manager watches: changed tables, sessions over their limits, and how long the logs of its programs are. */
import type { PeriodicTask } from '../../application/background/background.ts';
import { ContainerModule } from 'inversify';
import { pauseAfterLook, SchemaFollower } from '../../application/reconcilers/follow-schema-changes.ts';
import type { ServerName } from '../../domain/project/server-name.ts';
import { SessionLimits } from '../../infrastructure/postgres/session-limits.ts';
import { endLargeSessions } from '../../infrastructure/postgres/session-memory.ts';
import { SharedLimits } from '../../infrastructure/postgres/shared-limits.ts';
import { LogRotation } from '../../infrastructure/process/log-rotation.ts';
import { connectionsOfProject } from './capacity-module.ts';
import { nameOn } from './projects-servers.ts';
import { tasksPart } from './tasks-part.ts';
import { needs } from './needs.ts';
import { PARTS, TOKENS } from './tokens.ts';

const LOOK_AT_SESSIONS_EVERY_MS = 30_000;
const LOOK_AT_WHAT_IS_SHARED_EVERY_MS = 500;
const LOOK_AT_MEMORY_EVERY_MS = 2_000;
const LOOK_AT_FILES_EVERY_MS = 5_000;
const LOOK_AT_LOGS_EVERY_MS = 5_000;

export const projectWatchModule = new ContainerModule(({ bind }) => {
  bind(PARTS.schemaFollower).toResolvedValue(
    ...needs(
      {
        changes: TOKENS.schemaChanges,
        dataApis: TOKENS.managedDataApis,
        clock: TOKENS.clock,
        log: TOKENS.log,
        background: TOKENS.background,
      },
      ({ changes, dataApis, clock, log, background }) => {
        const follower = new SchemaFollower({ changes, dataApis, clock, log });
        return tasksPart('schema-follower', background, [
          {
            name: 'schema-changes',
            everyMs: pauseAfterLook,
            failed: 'could not look for changed tables',
            failedLevel: 'debug',
            run: (signal) => follower.look(signal),
          },
        ]);
      },
    ),
  );
  bind(PARTS.sessionLimits).toResolvedValue(
    ...needs(
      {
        servers: TOKENS.projectsServers,
        pooler: TOKENS.pooler,
        logins: TOKENS.projectLogins,
        log: TOKENS.log,
        metrics: TOKENS.metrics,
        background: TOKENS.background,
      },
      ({ servers, pooler, logins, log, metrics, background }) => {
        const onEnded = (over: string) => metrics.sessionsEnded(over);
        const sessionShare = connectionsOfProject(pooler, logins);
        const watched = [...servers].map(([name, server]) => {
          const shared = new SharedLimits({ server, log, onEnded, sessionShare });
          const memory = async () => {
            for (const _ of await endLargeSessions(server, log)) onEnded('memory');
          };
          return { shared, tasks: limitTasks(name, new SessionLimits(server, log, onEnded), shared, memory) };
        });
        const all = watched.flatMap(({ tasks }) => tasks);
        const tasks = tasksPart('session-limits', background, all);
        const close = () => Promise.all(watched.map(({ shared }) => shared.close()));
        return { ...tasks, stop: () => tasks.stop().then(close) };
      },
    ),
  );
  bind(PARTS.logRotation).toResolvedValue(
    ({ directory }, log, background) => {
      const rotation = new LogRotation({ folder: directory.path, log });
      return tasksPart('log-rotation', background, [
        {
          name: 'log-rotation',
          everyMs: LOOK_AT_LOGS_EVERY_MS,
          failed: 'could not cut the logs of programs',
          run: () => rotation.rotate(),
        },
      ]);
    },
    [TOKENS.machine, TOKENS.log, TOKENS.background],
  );
});

/** What they find they tell by themselves; a server that is away is told by others. */
function limitTasks(
  server: ServerName,
  limits: SessionLimits,
  shared: SharedLimits,
  memory: () => Promise<void>,
): readonly PeriodicTask[] {
  const failedLevel = 'debug';
  return [
    {
      name: nameOn(server, 'session-limits'),
      everyMs: LOOK_AT_SESSIONS_EVERY_MS,
      failed: 'could not look for sessions over their limits',
      failedLevel,
      run: () => limits.enforce(),
    },
    {
      name: nameOn(server, 'shared-limits'),
      everyMs: LOOK_AT_WHAT_IS_SHARED_EVERY_MS,
      failed: 'could not look at what projects share',
      failedLevel,
      run: () => shared.enforce(),
    },
    {
      // on its own: it may have to wait
      name: nameOn(server, 'shared-files'),
      everyMs: LOOK_AT_FILES_EVERY_MS,
      failed: 'could not look at the files that projects share',
      failedLevel,
      run: () => shared.enforceFiles(),
    },
    {
      name: nameOn(server, 'session-memory'),
      everyMs: LOOK_AT_MEMORY_EVERY_MS,
      failed: 'could not look at the memory of sessions',
      failedLevel,
      run: memory,
    },
  ];
}
