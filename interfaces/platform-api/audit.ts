import type pg from 'pg';
import { z } from 'zod';
import type { LogVerification } from '../../application/audit-log.ts';
import type { EventStore } from '../../application/ports/event-store.ts';
import { auditOf } from '../../projections/audit-trail/queries.ts';
import { endpoint, type Endpoint } from './owner-endpoint.ts';
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
      'Reads every event, so it takes a while on a long log; who asks meanwhile gets the same answer. `first_altered` names an event of yours; of somebody else it says that there is one.',
    tags,
    auth: 'owner',
    rate: 'check',
    timeMs: 600_000,
    responses: {
      200: z.object({
        intact: z.boolean(),
        chained: z
          .boolean()
          .describe('false: this event store hashes each event by itself; one taken out does not show.'),
        first_altered: z
          .object({
            position: z.string().nullable(),
            event_id: z.string().nullable(),
            type: z.string().nullable(),
          })
          .nullable(),
      }),
    },
    handler: async ({ owner }) => {
      const { firstAltered } = await verification.verify();
      return {
        status: 200,
        body: {
          intact: firstAltered === null,
          chained: store.capabilities.hashChain,
          first_altered: firstAltered && (await shownIfOwn(pool, owner.id, firstAltered.position)),
        },
      };
    },
  });

/** A position counts the events of everybody before it: of somebody else's nothing is told, not even that. */
async function shownIfOwn(pool: pg.Pool, ownerId: string, position: bigint) {
  const [entry] = (await auditOf(pool, { ownerId, limit: 1, at: position })).entries;
  return {
    position: entry?.position.toString() ?? null,
    event_id: entry?.eventId ?? null,
    type: entry?.type ?? null,
  };
}
