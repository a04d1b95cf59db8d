import type { UsageOverTime, UsageRange } from '../../api/usage.ts';

const number = new Intl.NumberFormat('en');
const clock = new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const day = new Intl.DateTimeFormat('en', { day: 'numeric', month: 'short' });

export const numberText = (value: number | null): string => number.format(value ?? 0);

/** Seconds since 1970 of the beginning of a step. */
export const stepBegins = ({ from, step_seconds: step }: UsageOverTime, at: number): number =>
  Date.parse(from) / 1000 + at * step;

/** `14:20`, or `Nov 12, 15:00` where a day alone would not do. */
export function timeText(data: UsageOverTime, at: number, range: UsageRange): string {
  const time = new Date(stepBegins(data, at) * 1000);
  return range === 'month' ? `${day.format(time)}, ${clock.format(time)}` : clock.format(time);
}

/** As an axis has it: there is little room. */
export const axisText = (seconds: number, range: UsageRange): string =>
  (range === 'month' ? day : clock).format(new Date(seconds * 1000));
