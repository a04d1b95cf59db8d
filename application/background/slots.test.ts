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

test('whoever is stopped while they wait leaves the line; the others keep their places', async () => {
  const slots = new Slots(1);
  const gate = Promise.withResolvers<void>();
  const begun: string[] = [];
  const first = slots.within(() => gate.promise);
  const stopping = new AbortController();
  const stopped = slots.within(() => Promise.resolve(begun.push('stopped')), stopping.signal);
  const last = slots.within(() => Promise.resolve(begun.push('last')), stopping.signal);
  const other = slots.within(() => Promise.resolve(begun.push('other')));
  stopping.abort(new Error('no more'));
  await expect(stopped).rejects.toThrow('no more');
  await expect(last).rejects.toThrow('no more');
  gate.resolve();
  await Promise.all([first, other]);
  expect(begun).toEqual(['other']);
  // and one that is stopped when it is at work keeps its place until it has ended
  expect(await slots.within(() => Promise.resolve('done'), stopping.signal).catch(() => 'refused')).toBe(
    'done',
  );
});
