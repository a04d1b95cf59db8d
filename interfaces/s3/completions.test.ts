import { expect, test } from 'vitest';
import { Completions, type Told } from './completions.ts';

const told = (id: string): Told => ({ id, version: null, metadata: null });

function completions() {
  let nowMs = 0;
  const asked: string[] = [];
  const known = new Completions({ elapsedMs: () => nowMs });
  const once = (id: string, work: (id: string) => Promise<Told> = (each) => Promise.resolve(told(each))) =>
    known.once([id], () => {
      asked.push(id);
      return work(id);
    });
  return { once, asked, pass: (minutes: number) => (nowMs += minutes * 60_000) };
}

test('who asks again is told the same, while it is under way and for a while after', async () => {
  const { once, asked, pass } = completions();
  const { promise, resolve } = Promise.withResolvers<Told>();
  const both = [once('a', () => promise), once('a', () => promise)];
  pass(60);
  const third = once('a');
  resolve(told('a'));
  expect(await Promise.all([...both, third])).toEqual([told('a'), told('a'), told('a')]);
  pass(14);
  expect(await once('a')).toEqual(told('a'));
  expect(asked).toEqual(['a']);
  pass(2);
  await once('a');
  expect(asked).toEqual(['a', 'a']);
});

test('others are others, and what failed is tried anew', async () => {
  const { once, asked } = completions();
  const failing = once('a', () => Promise.reject(new Error('no room')));
  await expect(failing).rejects.toThrow('no room');
  await once('b');
  expect(await once('a')).toEqual(told('a'));
  expect(asked).toEqual(['a', 'b', 'a']);
});

test('of many those that were done first are forgotten', async () => {
  const { once, asked } = completions();
  for (let count = 0; count <= 10_000; count++) await once(`n${count}`);
  asked.length = 0;
  await once('n10000');
  await once('n0');
  expect(asked).toEqual(['n0']);
});
