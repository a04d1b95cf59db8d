const WIDTH = 24;

export interface Shown {
  /** shown when it is not the reading, whose end is what can be foreseen */
  readonly doing?: string;
  /** how far, of how much: only their ratio is shown */
  readonly done: number;
  readonly total: number;
  readonly events: number;
  /** what is counted, when it is not events */
  readonly unit?: string;
  readonly ratePerSecond: number;
  /** null: not known yet */
  readonly secondsLeft: number | null;
}

/** `replay  [######......] 24 %, 1200 events, 90000/s, 1 s left` */
export function progressLine(
  name: string,
  { doing = 'reading', done, total, events, unit = 'events', ratePerSecond, secondsLeft }: Shown,
): string {
  const filled = total === 0 ? WIDTH : Math.min(WIDTH, Math.round((done / total) * WIDTH));
  const foreseen = secondsLeft === null ? '' : `, ${Math.ceil(secondsLeft)} s left`;
  const left = doing === 'reading' ? foreseen : `, ${doing}`;
  return `${name.padEnd(22)} [${'#'.repeat(filled).padEnd(WIDTH, '.')}] ${Math.floor((total === 0 ? 1 : done / total) * 100)} %, ${events} ${unit}, ${Math.round(ratePerSecond)}/s${left}`;
}

/** Of a walk through the log. */
export function walked(position: bigint, head: bigint, startedAt: number): Shown {
  const [done, total] = [Number(position), Number(head)];
  const ratePerSecond = done / ((performance.now() - startedAt) / 1000);
  return { done, total, events: done, ratePerSecond, secondsLeft: Math.max(0, total - done) / ratePerSecond };
}

/** Rewrites one line of a terminal; elsewhere it says nothing. */
export function showProgress(name: string, progress: Shown): void {
  if (process.stdout.isTTY) process.stdout.write(`\r\u001B[K${progressLine(name, progress)}`);
}

export function endProgress(): void {
  if (process.stdout.isTTY) process.stdout.write('\r\u001B[K');
}
