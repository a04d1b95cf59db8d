/** Aborts when the time is over, or earlier with whoever waits. */
export function timeLimit(timeMs: number, stopped?: AbortSignal | null): AbortSignal {
  const time = AbortSignal.timeout(timeMs);
  return stopped ? AbortSignal.any([stopped, time]) : time;
}
