/** What the manager watches in projects' databases: changed tables, and sessions over their limits. */
import { ContainerModule } from 'inversify';
import { SchemaFollower } from '../../application/reconcilers/follow-schema-changes.ts';
import { SessionLimits } from '../../infrastructure/postgres/session-limits.ts';
import { PARTS, TOKENS } from './tokens.ts';

const FOLLOW_SCHEMAS_EVERY_MS = 500;
const LOOK_AT_SESSIONS_EVERY_MS = 30_000;

export const projectWatchModule = new ContainerModule(({ bind }) => {
  bind(PARTS.schemaFollower).toResolvedValue(
    (changes, dataApis, clock, log) => {
      const lookEveryMs = FOLLOW_SCHEMAS_EVERY_MS;
      const follower = new SchemaFollower({ changes, dataApis, clock, log, lookEveryMs });
      return {
        name: 'schema-follower',
        start: () => Promise.resolve(follower.start()),
        stop: () => follower.stop(),
        stopWithinMs: 5_000,
      };
    },
    [TOKENS.schemaChanges, TOKENS.managedDataApis, TOKENS.clock, TOKENS.log],
  );
  bind(PARTS.sessionLimits).toResolvedValue(
    (server, log) => {
      const limits = new SessionLimits(server, log);
      return {
        name: 'session-limits',
        start: () => Promise.resolve(limits.start(LOOK_AT_SESSIONS_EVERY_MS)),
        stop: () => limits.stop(),
        stopWithinMs: 5_000,
      };
    },
    [TOKENS.projectsServer, TOKENS.log],
  );
});
