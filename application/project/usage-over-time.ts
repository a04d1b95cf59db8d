/** How a project was used, as charts draw it: figures at even distances, without gaps. */
import { beginOf, type Per, type Samples } from '../ports/project-usage.ts';

const MINUTE_MS = 60_000;

/** `stepMs` is the time that one figure stands for, a multiple of what is kept. */
export const USAGE_RANGES = {
  hour: { per: 'minute', stepMs: MINUTE_MS, steps: 60 },
  day: { per: 'minute', stepMs: 10 * MINUTE_MS, steps: 144 },
  month: { per: 'hour', stepMs: 3 * 60 * MINUTE_MS, steps: 240 },
} as const satisfies Readonly<Record<string, { per: Per; stepMs: number; steps: number }>>;

export type UsageRange = keyof typeof USAGE_RANGES;

export interface UsageOverTime {
  /** when the first step begins; the last one is under way */
  readonly from: Date;
  readonly stepMs: number;
  /** of each step */
  readonly requests: readonly number[];
  /** the most that were seen in each step */
  readonly connections: readonly number[];
  /** at the end of each step; null: it was not measured before */
  readonly sizeBytes: readonly (number | null)[];
}

/** Where the first step begins: the last of them is the one that `now` is in. */
export function rangeBegins(range: UsageRange, now: Date): Date {
  const { per, stepMs, steps } = USAGE_RANGES[range];
  const wholeStep = Math.floor(now.getTime() / stepMs) * stepMs;
  return beginOf(per, new Date(wholeStep - (steps - 1) * stepMs));
}

export function usageOverTime(
  range: UsageRange,
  from: Date,
  { samples, sizeBefore }: Samples,
): UsageOverTime {
  const { stepMs, steps } = USAGE_RANGES[range];
  const requests = Array.from({ length: steps }, () => 0);
  const connections = Array.from({ length: steps }, () => 0);
  const measured = new Map<number, number>();
  for (const { at, ...sample } of samples) {
    const step = Math.floor((at.getTime() - from.getTime()) / stepMs);
    if (step < 0 || step >= steps) continue;
    requests[step] = (requests[step] ?? 0) + sample.requests;
    connections[step] = Math.max(connections[step] ?? 0, sample.connections ?? 0);
    if (sample.sizeBytes !== null) measured.set(step, sample.sizeBytes);
  }
  let size = sizeBefore;
  const sizeBytes = requests.map((_, step) => (size = measured.get(step) ?? size));
  return { from, stepMs, requests, connections, sizeBytes };
}
