import type pg from 'pg';
import { z } from 'zod';
import { checkEvent, entryNotFound, type LogVerification } from '../../application/audit-log.ts';
import type { EventStore } from '../../application/ports/event-store.ts';
import { aroundEntry, auditOf, entryOf } from '../../projections/audit-trail/queries.ts';
import { endpoint, type Endpoint } from './owner-endpoint.ts';
import {
  auditBody,
  EXPORTS,
  auditHeaders,
  auditPage,
  auditQuery,
  auditReply,
  auditView,
  position,
} from './audit-view.ts';

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
  one(dependencies),
  verify(dependencies),
];

const all = ({ pool, waitForTrail }: AuditDependencies): Endpoint =>
  endpoint({
    method: 'get',
    path: '/api/audit',
    summary: 'Who did what to any of your projects and to your account; newest first',
    description: EXPORTS,
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

const one = ({ store, pool, waitForTrail }: AuditDependencies): Endpoint =>
  endpoint({
    method: 'get',
    path: '/api/audit/entries/:position',
    summary: 'One entry: what caused it, what it has caused, and whether it is as it was written',
    description:
      'Read from the log itself, and its hash is computed again. `cause` null with a causation_id: what caused it is not yours to see, such as a rollout.',
    tags,
    auth: 'owner',
    params: z.object({ position }),
    responses: {
      200: z.object({
        entry: auditView,
        verification: z.object({
          state: z
            .enum(['intact', 'altered', 'missing'])
            .describe('missing: it is not in the log any more; what is shown is the copy in the trail.'),
          chained: z.boolean().describe('false: the hash is over this entry alone, see verify.'),
        }),
        cause: auditView.nullable(),
        effects: z.array(auditView).describe('What it has caused directly, oldest first; 50 at most.'),
      }),
    },
    handler: async ({ owner, params }) => {
      await waitForTrail();
      const [known] = (await auditOf(pool, { ownerId: owner.id, limit: 1, at: params.position })).entries;
      if (!known) throw entryNotFound();
      const [{ event, state }, { cause, effects }] = await Promise.all([
        checkEvent(store, known),
        aroundEntry(pool, owner.id, known),
      ]);
      const entry = event ? entryOf(event, known) : known;
      const verification = { state, chained: store.capabilities.hashChain };
      const around = { cause: cause ? auditBody(cause) : null, effects: effects.map(auditBody) };
      return { status: 200, body: { entry: auditBody(entry), verification, ...around } };
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
