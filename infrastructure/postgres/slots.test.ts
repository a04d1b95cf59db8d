import { expect, test } from 'vitest';
import { Slots } from './slots.ts';

test('no more than so many at once, in the order in which they came, also when some fail', async () => {
  const slots = new Slots(2);
  const begun: number[] = [];
  const gates = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
  const all = gates.map(({ promise }, at) =>
    slots
      .within(() => {
        begun.push(at);
        return promise;
      })
      .catch(() => {}),
  );
  await Promise.resolve();
  expect(begun).toEqual([0, 1]);
  gates[1]?.reject(new Error('failed'));
  await all[1];
  expect(begun).toEqual([0, 1, 2]);
  for (const { resolve } of gates) resolve();
  await Promise.all(all);
  expect(begun).toEqual([0, 1, 2, 3]);
});
