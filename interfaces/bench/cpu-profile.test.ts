import { join } from 'node:path';
import { expect, test } from 'vitest';
import { beginProfile } from './cpu-profile.ts';
import { summaryOf } from './profile-summary.ts';

/** Long enough for some samples, however busy the machine is: it ends by the processor's time, not by the clock's. */
function spin(): number {
  let turns = 0;
  for (const from = process.cpuUsage().user; process.cpuUsage().user - from < 100_000;) turns++;
  return turns;
}

test('a profile of this process has what it did meanwhile', () => {
  const end = beginProfile();
  expect(spin()).toBeGreaterThan(0);
  const { ms, functions } = summaryOf(end(), `${join(import.meta.dirname, '..', '..')}/`);
  expect(ms).toBeGreaterThan(0);
  expect(functions.map(({ name }) => name)).toContainEqual(
    expect.stringMatching(/^spin interfaces\/bench\/cpu-profile[.]test[.]ts:\d+$/),
  );
});
