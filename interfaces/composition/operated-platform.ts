/** What operators see and do, made of the parts of a process: for the API, and for the command beside it. */
import { ContainerModule } from 'inversify';
import type pg from 'pg';
import { z } from 'zod';
import type { OperatedPlatform } from '../../application/operator/operated-platform.ts';
import { KnownOperators } from '../../application/operator/known-operators.ts';
import type { ListedInvite } from '../../application/operator/operator-invites.ts';
import type { DriftFact } from '../../application/operator/pair-drift.ts';
import { InternalClient } from '../../infrastructure/internal-client/internal-client.ts';
import { remoteOverview } from '../../infrastructure/internal-client/remote-overview.ts';
import { auditOf } from '../../projections/audit-trail/queries.ts';
import { retryingProjects } from '../../projections/process-runs/queries.ts';
import { countByStatus, listBehind, projectsThatAre } from '../../projections/project-list/queries.ts';
import { needs } from './needs.ts';
import { operatedViews } from './operated-views.ts';
import { TOKENS } from './tokens.ts';
import { views } from './views.ts';

/** a look at all projects */
const LONG_MS = 600_000;
const MOST_FACTS = 200;
const template = z.object({ latest_version: z.int() });

export const operatedPlatformModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.operators).toResolvedValue(
    (store, tokens) => new KnownOperators({ store, tokens }),
    [TOKENS.store, TOKENS.ownerTokens],
  );
  bind(TOKENS.operatedPlatform).toResolvedValue(
    ...needs(
      {
        config: TOKENS.config,
        internalKeys: TOKENS.internalKeys,
        store: TOKENS.store,
        ids: TOKENS.ids,
        clock: TOKENS.clock,
        tokens: TOKENS.ownerTokens,
        secrets: TOKENS.secrets,
        pool: TOKENS.platformPool,
        progress: TOKENS.stepProgress,
        tasks: TOKENS.taskBoard,
        operators: TOKENS.operators,
        projectDatabaseSizeMb: TOKENS.projectSizeMb,
        storageLimits: TOKENS.storageLimits,
      },
      ({ config, internalKeys: [internalKey], pool, store, ...parts }): OperatedPlatform => {
        const client = (service: 'manager' | 'migrations', url: string) =>
          new InternalClient({ service, url, internalKey, timeoutMs: LONG_MS });
        const migrations = client('migrations', config.MIGRATIONS_URL);
        return {
          ...parts,
          store,
          views: operatedViews(views, store, pool),
          dataPlane: remoteOverview(client('manager', config.MANAGER_URL)),
          latestVersion: async () => (await migrations.ask('GET', '/migrations', template)).latest_version,
          behind: (version) => listBehind(pool, version),
          driftFacts: () => driftFacts(pool),
          troubled: async () => [
            ...new Set([...(await projectsThatAre(pool, 'suspended')), ...(await retryingProjects(pool))]),
          ],
          countByStatus: () => countByStatus(pool),
          invites: () => invites(pool),
        };
      },
    ),
  );
});

const ofType = async (pool: pg.Pool, type: string) =>
  (await auditOf(pool, { ownerId: null, type, limit: MOST_FACTS })).entries;

async function driftFacts(pool: pg.Pool): Promise<readonly DriftFact[]> {
  const [found, repaired] = [await ofType(pool, 'DriftDetected'), await ofType(pool, 'DriftRepaired')];
  return [...found, ...repaired]
    .toSorted((a, b) => Number(b.position - a.position))
    .map(({ stream, projectId, recordedAt: at, type, data }) => {
      const { what, ...how } = data as { what: string; expected: string; actual: string };
      return { stream, projectId, at, what, found: type === 'DriftDetected' ? how : null };
    });
}

async function invites(pool: pg.Pool): Promise<readonly ListedInvite[]> {
  const [issued, used] = [await ofType(pool, 'InviteIssued'), await ofType(pool, 'InviteUsed')];
  const usedBy = new Map(used.map(({ stream, data }) => [stream, (data as { ownerId: string }).ownerId]));
  return issued.map(({ stream, recordedAt: issuedAt, data }) => {
    const { expiresAt, addressHash } = data as { expiresAt: string; addressHash: string | null };
    const forAddress = addressHash !== null;
    return { issuedAt, expiresAt: new Date(expiresAt), forAddress, usedBy: usedBy.get(stream) ?? null };
  });
}
