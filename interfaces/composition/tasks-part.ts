import type { Background, PeriodicTask, Running } from '../../application/background/background.ts';
import type { Part } from './lifecycle.ts';

const STOP_WITHIN_MS = 5_000;

/** A part that is nothing but what runs again and again. */
export function tasksPart(name: string, background: Background, tasks: readonly PeriodicTask[]): Part {
  let running: readonly Running[] = [];
  return {
    name,
    start: () => {
      running = tasks.map((task) => background.start(task));
      return Promise.resolve();
    },
    stop: () => Promise.all(running.map((task) => task.stop())),
    stopWithinMs: STOP_WITHIN_MS,
  };
}
