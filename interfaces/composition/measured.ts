/** Adapters and steps as they are, with a clock beside them. */
import { Conflict, type EventStore, type NewEvent } from '../../application/ports/event-store.ts';
import { traced, type SpanStart, type Tracing } from '../../application/ports/tracing.ts';
import type { StepTry } from '../../application/process-engine/process.ts';
import type { TurnDependencies } from '../../application/process-engine/turn.ts';
import type { Metrics } from '../http/metrics.ts';

/** A log whose appends are counted. */
export function measuredStore(store: EventStore, metrics: Metrics, tracing: Tracing): EventStore {
  return {
    capabilities: store.capabilities,
    ...(store.server && { server: store.server }),
    async append(stream, expected, events) {
      const startedAt = performance.now();
      const tookMs = () => performance.now() - startedAt;
      try {
        const appended = await traced(tracing, appendOf(events), () =>
          store.append(stream, expected, events),
        );
        metrics.appended('appended', events.length, tookMs());
        for (const { type, data } of events) {
          if (type === 'DriftDetected') metrics.driftDetected((data as { what: string }).what);
        }
        return appended;
      } catch (error) {
        metrics.appended(error instanceof Conflict ? 'conflict' : 'failed', 0, tookMs());
        throw error;
      }
    },
    readStream: (stream, options) => store.readStream(stream, options),
    readAll: (options) => store.readAll(options),
    subscribe: (options, onBatch) => store.subscribe(options, onBatch),
    head: () => store.head(),
    verifyChain: (options) => store.verifyChain(options),
    verifyEvent: (place) => store.verifyEvent(place),
    close: () => store.close(),
  };
}

const appendOf = (events: readonly NewEvent[]): SpanStart => ({
  name: 'append',
  attributes: {
    'launchdb.events': events.length,
    'launchdb.correlation_id': events[0]?.metadata.correlationId,
  },
});

/** A log whose batches are spans of whoever follows it. */
export const tracedBatches = (
  store: EventStore,
  tracing: Tracing,
): Pick<EventStore, 'readAll' | 'head' | 'subscribe'> => ({
  readAll: (options) => store.readAll(options),
  head: () => store.head(),
  subscribe: (options, onBatch) =>
    store.subscribe(options, (batch) => {
      const events = batch.events.length;
      if (events === 0) return onBatch(batch);
      const attributes = { 'launchdb.projection': options.name, 'launchdb.events': events };
      const name = `project ${options.name}`;
      return traced(tracing, { name, attributes, partOf: 'nothing' }, () => onBatch(batch));
    }),
});

/** Tries of steps that are counted, each by itself, also one that is given up for its time-out. */
export const measuredTries =
  (metrics: Metrics, tracing: Tracing): TurnDependencies['around'] =>
  async (tried, effect) => {
    const { process, step, direction } = tried;
    const startedAt = performance.now();
    const tell = (outcome: 'done' | 'failed') =>
      metrics.stepTried({ process, step, direction }, outcome, performance.now() - startedAt);
    try {
      const result = await traced(tracing, spanOf(tried), effect);
      tell('done');
      return result;
    } catch (error) {
      tell('failed');
      throw error;
    }
  };

/** Not part of what the worker happened to be at; the correlation id says which request it follows from. */
const spanOf = ({ aggregate, id, process, step, direction, attempt, correlationId }: StepTry): SpanStart => ({
  name: `${direction} ${step}`,
  partOf: 'nothing',
  attributes: {
    'launchdb.correlation_id': correlationId,
    [`launchdb.${aggregate}_id`]: id,
    'launchdb.process': process,
    'launchdb.step': step,
    'launchdb.direction': direction,
    'launchdb.attempt': attempt,
  },
});
