import { expect, test } from 'vitest';
import { SystemClock } from './system-clock.ts';

const clock = new SystemClock();

test('sleep ends with its time', async () => {
  await expect(clock.sleep(1)).resolves.toBeUndefined();
});

test('sleep ends at once when the signal aborts, before or meanwhile', async () => {
  await clock.sleep(3_600_000, AbortSignal.abort());
  const controller = new AbortController();
  const sleeping = clock.sleep(3_600_000, controller.signal);
  controller.abort();
  await expect(sleeping).resolves.toBeUndefined();
});
