import { pause } from '../../application/background/pause.ts';
import type { Clock } from '../../application/ports/clock.ts';

export class SystemClock implements Clock {
  now(): Date {
    return new Date();
  }

  elapsedMs(): number {
    return performance.now();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return pause(ms, signal);
  }
}
