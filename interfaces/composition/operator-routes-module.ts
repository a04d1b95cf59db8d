/** The operator's API, and the token that opens it for the first time. */
import { ContainerModule } from 'inversify';
import { LongWork } from '../../application/operator/long-work.ts';
import { firstOperatorToken, listOperatorTokens } from '../../application/operator/operator-tokens.ts';
import type { Position } from '../../application/ports/event-store.ts';
import type { KnownOperators } from '../../application/operator/known-operators.ts';
import { looksAt, PlatformWatch } from '../../application/operator/platform-watch.ts';
import { RecordedReads } from '../../application/operator/record-use.ts';
import { PostgresWorkBoard } from '../../infrastructure/postgres/postgres-work-board.ts';
import { MemoryRateLimits } from '../../infrastructure/rate-limiter/memory-rate-limits.ts';
import { auditTrail } from '../../projections/audit-trail/audit-trail.ts';
import { recordingReads } from '../platform-api/authenticate-operator.ts';
import { operatorEndpoints } from '../platform-api/operator-endpoints.ts';
import { needs } from './needs.ts';
import { PARTS, TOKENS } from './tokens.ts';
import { views } from './views.ts';

const VIEW_WITHIN_MS = 5_000;

export const operatorRoutesModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.longWork).toResolvedValue(
    (pool, clock, log) => new LongWork(new PostgresWorkBoard(pool), clock, log),
    [TOKENS.platformPool, TOKENS.clock, TOKENS.log],
  );
  bind(TOKENS.routes).toResolvedValue(
    ...needs(
      {
        platform: TOKENS.operatedPlatform,
        pool: TOKENS.platformPool,
        work: TOKENS.longWork,
        checkpoints: TOKENS.checkpoints,
        streams: TOKENS.watch,
        options: TOKENS.options,
        publicUrl: TOKENS.publicUrl,
      },
      ({ platform, pool, work, checkpoints, streams, options: { rateLimits = {} }, publicUrl }) => {
        const waitForViews = async (position: Position) => {
          await Promise.all(views.map(({ name }) => checkpoints.waitFor(name, position, VIEW_WITHIN_MS)));
        };
        const watch = new PlatformWatch({ watch: streams, waitForViews, looks: looksAt(platform) });
        const waitForTrail = async () => {
          const head = await platform.store.head();
          await checkpoints.waitFor(auditTrail.name, head, VIEW_WITHIN_MS);
        };
        const limits = new MemoryRateLimits(rateLimits);
        const endpoints = operatorEndpoints({
          platform,
          pool,
          work,
          watch,
          waitForTrail,
          limits,
          publicUrl,
        });
        return recordingReads(endpoints, new RecordedReads(platform));
      },
    ),
  );
  bind(PARTS.operatorApi).toResolvedValue(
    ...needs(
      {
        platform: TOKENS.operatedPlatform,
        config: TOKENS.config,
        options: TOKENS.options,
        work: TOKENS.longWork,
        publicUrl: TOKENS.publicUrl,
      },
      ({ platform, config, options: { tell }, work, publicUrl }) => ({
        name: 'operator-api',
        async start() {
          if (!config.LAUNCHDB_ROLES.includes('gateway')) return tellHow(platform.operators, tell);
          const issued = await firstOperatorToken(platform, {
            correlationId: platform.ids.uuid(),
            causationId: null,
            actor: { kind: 'operator', id: 'start' },
            reason: 'the first start',
          });
          if (issued) tell(shownOnce(issued.token, publicUrl));
        },
        stop: () => work.stop(),
        stopWithinMs: 5_000,
      }),
    ),
  );
});

/** Of a platform in several processes something keeps what each of them prints, for as long as it likes: no secret goes there. */
async function tellHow(operators: KnownOperators, tell: (line: string) => void): Promise<void> {
  if ((await listOperatorTokens(operators)).length === 0)
    tell(
      "\nThere is no operator's token yet. This makes one and shows it once, where the platform runs with compose:\n" +
        '  docker compose exec manager node interfaces/cli/launchdb.ts operator-token\n' +
        'Elsewhere, with the variables of this process: npm run launchdb -- operator-token\n',
    );
}

/** To the terminal alone: no log has it. */
const shownOnce = (token: string, url: string): string =>
  `\nThe operator's token, shown this once: ${token}\n` +
  `It opens ${url}/console/operator; "npm run launchdb -- operator-token" makes another one.\n`;
