import { setTimeout as sleep } from 'node:timers/promises';
import { Unavailable } from '../../application/errors.ts';
import type {
  EventBatch,
  EventStore,
  SubscribeOptions,
  Subscription,
} from '../../application/ports/event-store.ts';
import type { Log } from '../../application/ports/log.ts';
import type { Bell } from './bell.ts';
import { BackOff } from '../../application/background/back-off.ts';
import { SharedTail, type TailRead } from './shared-tail.ts';
import { spread } from './spread.ts';
import { unlessAborted } from '../../application/background/deadline.ts';

export interface SubscriptionSource {
  readonly readAll: EventStore['readAll'];
  /** rung when something may have been appended */
  readonly bell: Bell;
  /** how long a missed ring may delay an event */
  readonly pollMs: number;
  readonly log: Log | undefined;
}

type Handler = (batch: EventBatch) => Promise<void>;

const DEFAULT_BATCH_SIZE = 1000;
const PAUSES = { firstMs: 50, longestMs: 5_000 };

/** All subscriptions of one store, so that closing it ends them. */
export class Subscriptions {
  readonly #source: SubscriptionSource;
  readonly #tail: SharedTail;
  readonly #open = new Set<Subscription>();

  constructor(source: SubscriptionSource) {
    this.#source = source;
    this.#tail = new SharedTail(source.readAll);
  }

  /**
   * Follows the log: reads a batch, hands it over, goes on from where that read ended. A log that is away is
   * asked again for ever; what the handler throws, or an event that this release does not know, ends the
   * subscription. `stop` must not be awaited by the handler itself.
   */
  start(options: SubscribeOptions, handler: Handler): Subscription {
    const stopping = new AbortController();
    const done = follow(this.#source, this.#tail, options, handler, stopping.signal);
    const settled = done
      .catch((error: unknown) => {
        this.#source.log?.error({ subscription: options.name, err: error }, 'a subscription ended');
      })
      .finally(() => this.#open.delete(subscription));
    const subscription: Subscription = {
      done,
      async stop() {
        stopping.abort();
        await settled;
      },
    };
    this.#open.add(subscription);
    return subscription;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map((subscription) => subscription.stop()));
  }
}

async function follow(
  source: SubscriptionSource,
  tail: SharedTail,
  options: SubscribeOptions,
  handler: Handler,
  signal: AbortSignal,
): Promise<void> {
  const { name, filter, settle, batchSize: limit = DEFAULT_BATCH_SIZE } = options;
  let { after } = options;
  const alone = async (): Promise<TailRead> => {
    const batch = await source.readAll({ after, limit, ...(filter && { filter }) });
    return { batch, whole: batch.position <= after };
  };
  // a handler must not run before `subscribe` has returned
  await Promise.resolve();
  for (let rung = false; !signal.aborted;) {
    const { rings } = source.bell;
    const look: () => Promise<TailRead> = rung ? () => tail.read(after, rings, limit, filter) : alone;
    const read: TailRead | undefined = await untilAvailable(look, source, name, signal);
    if (!read || signal.aborted) return;
    const { batch, whole } = read;
    if (batch.position > after) {
      await handler(batch);
      after = batch.position;
    }
    rung = whole && (await source.bell.beyond(rings, source.pollMs, signal));
    if (rung) await settle?.(signal);
  }
}

/** @returns undefined when the signal aborted first */
async function untilAvailable<T>(
  read: () => Promise<T>,
  source: SubscriptionSource,
  name: string,
  signal: AbortSignal,
): Promise<T | undefined> {
  const backOff = new BackOff(PAUSES);
  while (!signal.aborted) {
    try {
      // a read that hangs must not hold up a stop
      return await unlessAborted(read(), signal, () => undefined);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      source.log?.warn({ subscription: name, err: error }, 'a subscription cannot read the log');
      await sleep(spread(backOff.next()), undefined, { signal }).catch(() => {});
    }
  }
  return undefined;
}
