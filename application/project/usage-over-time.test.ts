import { describe, expect, test } from 'vitest';
import { PER_MS, type Sample } from '../ports/project-usage.ts';
import { rangeBegins, USAGE_RANGES, usageOverTime, type UsageRange } from './usage-over-time.ts';

const at = (text: string) => new Date(`2026-03-01T${text}Z`);
const sample = (time: string, seen: Partial<Sample>): Sample => ({
  at: at(time),
  requests: 0,
  connections: null,
  sizeBytes: null,
  ...seen,
});

describe.each(Object.keys(USAGE_RANGES) as UsageRange[])('%s', (range) => {
  const { per, stepMs, steps } = USAGE_RANGES[range];

  test('its steps are whole ones of what is kept, and now is in the last', () => {
    expect(stepMs % PER_MS[per]).toBe(0);
    for (const now of ['00:00:00', '10:07:13', '23:59:59']) {
      const from = rangeBegins(range, at(now)).getTime();
      expect(from % stepMs).toBe(0);
      const end = from + steps * stepMs;
      expect([at(now).getTime() < end, at(now).getTime() >= end - stepMs]).toEqual([true, true]);
    }
  });

  test('nothing seen is a figure for each step all the same', () => {
    const seen = usageOverTime(range, at('00:00:00'), { samples: [], sizeBefore: null });
    expect(seen.requests).toEqual(Array<number>(steps).fill(0));
    expect(seen.connections).toEqual(Array<number>(steps).fill(0));
    expect(seen.sizeBytes).toEqual(Array<null>(steps).fill(null));
  });
});

test('requests of a step add up, connections are the most, and a size stays until the next', () => {
  const samples = [
    sample('00:01:00', { requests: 3, connections: 2 }),
    sample('00:09:00', { requests: 4, connections: 1, sizeBytes: 8 }),
    sample('00:30:00', { requests: 1, sizeBytes: 9 }),
    sample('00:35:00', { sizeBytes: 7 }),
  ];
  const { requests, connections, sizeBytes } = usageOverTime('day', at('00:00:00'), {
    samples,
    sizeBefore: 5,
  });
  expect(requests.slice(0, 5)).toEqual([7, 0, 0, 1, 0]);
  expect(connections.slice(0, 5)).toEqual([2, 0, 0, 0, 0]);
  expect(sizeBytes.slice(0, 5)).toEqual([8, 8, 8, 7, 7]);
  expect(usageOverTime('day', at('00:10:00'), { samples, sizeBefore: 5 }).sizeBytes[0]).toBe(5);
});

test('what is before or after is left out', () => {
  const samples = [sample('00:59:00', { requests: 1 }), sample('02:00:00', { requests: 2 })];
  const { requests } = usageOverTime('hour', at('01:00:00'), { samples, sizeBefore: null });
  expect(requests).toEqual(Array<number>(60).fill(0));
});
