import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { chosenViews } from '../../application/operator/chosen-views.ts';
import type { WorkReport } from '../../application/background/work-board.ts';
import type { LongWork } from '../../application/operator/long-work.ts';
import type { OperatedPlatform } from '../../application/operator/operated-platform.ts';
import { parkedEvents, retryParkedEvents, type ParkedOf } from '../../application/operator/parked-events.ts';
import { replayViews } from '../../application/operator/replay-views.ts';
import { rolloutStanding } from '../../application/operator/rollouts.ts';
import { verifyLog } from '../../application/operator/verify-log.ts';
import type { Verification } from '../../application/audit-log.ts';
import { told } from '../http/internal-endpoints.ts';
import { eventStream, type ServerSentEvent } from '../http/stream-reply.ts';
import { operatorEndpoint, operatorTags as tags, type OperatorEndpoint } from './operator-endpoint.ts';
import { rolloutBody, rolloutView } from './operator-rollouts.ts';

export interface OperatorWorkDependencies {
  readonly platform: OperatedPlatform;
  readonly work: LongWork;
}

const auth = 'operator';
const LOOK_EVERY_MS = 300;
const view = z.string().max(40).optional();

/** Work that takes long, and what it is about: replays, verification, parked events. */
export const operatorWorkEndpoints = (dependencies: OperatorWorkDependencies): OperatorEndpoint[] => [
  replay(dependencies),
  verify(dependencies),
  show(dependencies),
  follow(dependencies),
  parked(dependencies),
  retry(dependencies),
];

const workView = z.object({
  work: z.enum(['replay', 'verify']),
  state: z.enum(['running', 'done', 'failed']),
  by: z.string().describe('The token that asked for it.'),
  started_at: z.iso.datetime(),
  ended_at: z.iso.datetime().nullable(),
  progress: z
    .object({
      at: z.string(),
      doing: z.string(),
      done: z.number(),
      total: z.number(),
      seconds_left: z.number().nullable(),
    })
    .nullable(),
  result: z
    .unknown()
    .describe('Of one that is done. Of a replay: of each view, whether it equals what was there.'),
  error: z.string().nullable(),
});
const workPage = z.object({ work: z.array(workView), rollout: rolloutView.nullable() });

const workBody = ({ work, state, by, startedAt, endedAt, progress, result, error }: WorkReport) => ({
  work,
  state,
  by,
  started_at: startedAt.toISOString(),
  ended_at: endedAt?.toISOString() ?? null,
  progress: progress && {
    at: progress.at,
    doing: progress.doing,
    done: progress.done,
    total: progress.total,
    seconds_left: progress.secondsLeft,
  },
  result,
  error,
});

const replay = ({ platform, work }: OperatorWorkDependencies): OperatorEndpoint =>
  operatorEndpoint({
    method: 'post',
    path: '/api/operator/replay',
    summary: 'Build every view, or one, again from the log, beside those in use, and compare',
    description: '`/api/operator/work` tells how far it is.',
    tags,
    auth,
    body: z.strictObject({ view }).optional(),
    responses: { 202: workView },
    handler: async ({ body, operator, context }) => {
      await told(Promise.resolve().then(() => chosenViews(platform.views, body?.view)));
      const report = await work.start({
        name: 'replay',
        by: operator.tokenId,
        run: async (tell, signal) => {
          const replayed = await replayViews(platform, body?.view, context, {
            signal,
            onProgress: (at, { doing, done, total, secondsLeft }) =>
              tell({ at, doing, done, total, secondsLeft }),
          });
          return replayed.map(({ projection, rows, events, equal, durationMs }) => ({
            view: projection,
            rows,
            events,
            equal,
            duration_ms: durationMs,
          }));
        },
      });
      return { status: 202, body: workBody(report) };
    },
  });

const verify = ({ platform, work }: OperatorWorkDependencies): OperatorEndpoint =>
  operatorEndpoint({
    method: 'post',
    path: '/api/operator/verify',
    summary: 'Check the hash of every event of the log',
    description:
      '`/api/operator/work` tells how far it is. It changes nothing, so a token that may read is enough; one runs at a time.',
    tags,
    auth,
    readsOnly: true,
    responses: { 202: workView },
    handler: async ({ operator }) => {
      const report = await work.start({
        name: 'verify',
        by: operator.tokenId,
        run: async (tell, signal) => {
          const verification = await verifyLog(platform, (done, head) => {
            signal.throwIfAborted();
            tell({ at: 'log', doing: 'reading', done: Number(done), total: Number(head), secondsLeft: null });
          });
          return verifiedBody(verification, platform.store.capabilities.hashChain);
        },
      });
      return { status: 202, body: workBody(report) };
    },
  });

const verifiedBody = ({ verified, firstAltered }: Verification, chained: boolean) => ({
  intact: firstAltered === null,
  chained,
  verified: verified.toString(),
  first_altered: firstAltered && {
    position: firstAltered.position.toString(),
    stream: firstAltered.event?.stream ?? null,
    revision: firstAltered.event?.revision ?? null,
    type: firstAltered.event?.type ?? null,
  },
});

async function standing({ platform, work }: OperatorWorkDependencies) {
  const [rollout, reports] = await Promise.all([rolloutStanding(platform), work.reports()]);
  return { work: reports.map(workBody), rollout: rollout ? rolloutBody(rollout) : null };
}

const show = (dependencies: OperatorWorkDependencies): OperatorEndpoint =>
  operatorEndpoint({
    method: 'get',
    path: '/api/operator/work',
    summary: 'How far work that takes long is, and how the last of each kind ended',
    description:
      'Of the last replay, verification and upgrade of all, whichever process was at it. One whose process has died is `failed`.',
    tags,
    auth,
    responses: { 200: workPage },
    handler: async () => ({ status: 200, body: await standing(dependencies) }),
  });

const follow = (dependencies: OperatorWorkDependencies): OperatorEndpoint =>
  operatorEndpoint({
    method: 'get',
    path: '/api/operator/work/events',
    summary: 'The same as it changes (Server-Sent Events)',
    description: 'Each event, `work`, holds all of it.',
    tags,
    auth,
    responses: { 200: 'text/event-stream' },
    handler: ({ signal }) => Promise.resolve(eventStream(changes(dependencies, signal))),
  });

async function* changes(
  dependencies: OperatorWorkDependencies,
  signal: AbortSignal,
): AsyncGenerator<ServerSentEvent, void, undefined> {
  let before = '';
  while (!signal.aborted) {
    const data = await standing(dependencies);
    const now = JSON.stringify(data);
    if (now !== before) yield { event: 'work', data };
    before = now;
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
  }
}

const parkedPage = z.object({
  parked: z.array(
    z.object({
      view: z.string(),
      position: z.string(),
      stream: z.string(),
      revision: z.int(),
      type: z.string(),
      reason: z.string(),
      parked_at: z.iso.datetime(),
    }),
  ),
});

const parkedBody = (parked: readonly ParkedOf[]) => ({
  parked: parked.map(({ position, parkedAt, ...event }) => ({
    ...event,
    position: position.toString(),
    parked_at: parkedAt.toISOString(),
  })),
});

const parked = ({ platform }: OperatorWorkDependencies): OperatorEndpoint =>
  operatorEndpoint({
    method: 'get',
    path: '/api/operator/parked',
    summary: 'Events that a view could not take in, oldest first',
    tags,
    auth,
    query: z.object({ view }),
    responses: { 200: parkedPage },
    handler: async ({ query }) => ({
      status: 200,
      body: parkedBody(await told(parkedEvents(platform.views, query.view))),
    }),
  });

const retry = ({ platform }: OperatorWorkDependencies): OperatorEndpoint =>
  operatorEndpoint({
    method: 'post',
    path: '/api/operator/parked/retry',
    summary: 'Try parked events again, in order; the answer has those that are parked still',
    tags,
    auth,
    body: z.strictObject({ view }).optional(),
    responses: { 200: parkedPage },
    handler: async ({ body, context }) => ({
      status: 200,
      body: parkedBody(await told(retryParkedEvents(platform, body?.view, context))),
    }),
  });
