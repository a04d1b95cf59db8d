/** Adapters and processes as they are, with a clock beside them. */
import { Conflict, type EventStore } from '../../application/ports/event-store.ts';
import type { Process } from '../../application/process-managers/process.ts';
import type { ProcessName } from '../../domain/project/events.ts';
import type { Metrics } from '../http/metrics.ts';

/** A log whose appends are counted. */
export function measuredStore(store: EventStore, metrics: Metrics): EventStore {
  return {
    capabilities: store.capabilities,
    async append(stream, expected, events) {
      const startedAt = performance.now();
      const tookMs = () => performance.now() - startedAt;
      try {
        const appended = await store.append(stream, expected, events);
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
    close: () => store.close(),
  };
}

type Processes = Readonly<Record<ProcessName, Process>>;

/** Processes whose steps are counted, each try by itself, also one that is given up for its time-out. */
export function measuredProcesses(processes: Processes, metrics: Metrics): Processes {
  const measured = (process: Process): Process => ({
    ...process,
    steps: process.steps.map((step) => {
      const around = async <T>(direction: 'do' | 'undo', effect: () => Promise<T>): Promise<T> => {
        const startedAt = performance.now();
        const told = { process: process.name, step: step.name, direction };
        try {
          const result = await effect();
          metrics.stepTried(told, 'done', performance.now() - startedAt);
          return result;
        } catch (error) {
          metrics.stepTried(told, 'failed', performance.now() - startedAt);
          throw error;
        }
      };
      const { undo } = step;
      return {
        ...step,
        do: (project) => around('do', () => step.do(project)),
        undo: undo && { ...undo, run: (project) => around('undo', () => undo.run(project)) },
      };
    }),
  });
  return Object.fromEntries(
    Object.entries(processes).map(([name, process]) => [name, measured(process)]),
  ) as Processes;
}
