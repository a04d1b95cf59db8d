import type pg from 'pg';
import { z } from 'zod';
import type { LogVerification } from '../../application/audit-log.ts';
import type { EventStore } from '../../application/ports/event-store.ts';
import { auditOf } from '../../projections/audit-trail/queries.ts';
import { endpoint, type Endpoint } from '../http/endpoint.ts';
import { auditHeaders, auditPage, auditQuery, auditReply } from './audit-view.ts';

export interface AuditDependencies {
  readonly store: EventStore;
  readonly pool: pg.Pool;
  readonly verification: LogVerification;
  /** waits, bounded, until the trail shows everything up to now */
  readonly waitForTrail: () => Promise<void>;
}

const tags = ['history'];

/** `/api/audit`: everything that concerns an owner, and whether the log is as it was written. */
export const auditEndpoints = (dependencies: AuditDependencies): Endpoint[] => [
  all(dependencies),
  verify(dependencies),
];

const all = ({ pool, waitForTrail }: AuditDependencies): Endpoint =>
  endpoint({
    method: 'get',
    path: '/api/audit',
    summary: 'Who did what to any of your projects and to your account; newest first',
    description: 'With Accept: application/x-ndjson everything, one entry a line.',
    tags,
    auth: 'owner',
    query: auditQuery,
    headers: auditHeaders,
    responses: { 200: auditPage },
    handler: async ({ owner, query, headers }) => {
      await waitForTrail();
      return auditReply(pool, { ownerId: owner.id }, query, headers.accept);
    },
  });

const verify = ({ pool, verification, store }: AuditDependencies): Endpoint =>
  endpoint({
    method: 'get',
    path: '/api/audit/verify',
    summary: 'Check the hash chain of the whole log',
    description:
      'Reads every event, so it takes a while on a long log; who asks meanwhile gets the same answer. `first_altered` names an event of yours whole, one of somebody else by its position only.',
    tags,
    auth: 'owner',
    limits: { timeMs: 600_000 },
    responses: {
      200: z.object({
        intact: z.boolean(),
        verified_up_to: z.string().describe('The position up to which everything fits.'),
        head: z.string(),
        chained: z
          .boolean()
          .describe('false: this event store hashes each event by itself; one taken out does not show.'),
        first_altered: z
          .object({ position: z.string(), event_id: z.string().nullable(), type: z.string().nullable() })
          .nullable(),
      }),
    },
    handler: async ({ owner }) => {
      const { verified, firstAltered } = await verification.verify();
      const shown = firstAltered && {
        position: firstAltered.position.toString(),
        ...(await nameIfOwn(pool, owner.id, firstAltered.position)),
      };
      return {
        status: 200,
        body: {
          intact: firstAltered === null,
          verified_up_to: verified.toString(),
          head: (await store.head()).toString(),
          chained: store.capabilities.hashChain,
          first_altered: shown,
        },
      };
    },
  });

async function nameIfOwn(pool: pg.Pool, ownerId: string, position: bigint) {
  const { entries } = await auditOf(pool, { ownerId, limit: 1, at: position });
  const [entry] = entries;
  return { event_id: entry?.eventId ?? null, type: entry?.type ?? null };
}
