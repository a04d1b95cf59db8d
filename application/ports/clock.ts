export interface Clock {
  /** The time of day, which an operator or NTP may set at any moment. */
  now(): Date;
  /** Milliseconds on a clock that nobody sets: only differences mean something, within one process. */
  elapsedMs(): number;
  /** Resolves after `ms`, or at once when the signal aborts. Never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
