import { expect, test } from 'vitest';
import { AskedFirst } from './asked-first.ts';

/** Work that is held up until it is let go. */
function held(width: number) {
  const begun: string[] = [];
  const ends = new Map<string, () => void>();
  const queue = new AskedFirst<string>(width, (key) => {
    begun.push(key);
    return new Promise<void>((resolve) => ends.set(key, resolve));
  });
  const end = async (key: string) => {
    ends.get(key)?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { begun, end, queue };
}

test('so many at a time, in their order', async () => {
  const { begun, end, queue } = held(2);
  void Promise.all(queue.add(['a', 'b', 'c', 'd']));
  expect(begun).toEqual(['a', 'b']);
  await end('b');
  expect(begun).toEqual(['a', 'b', 'c']);
  await end('a');
  expect(begun).toEqual(['a', 'b', 'c', 'd']);
});

test('whoever asks is next, and waits no longer than for theirs', async () => {
  const { begun, end, queue } = held(1);
  void Promise.all(queue.add(['a', 'b', 'c', 'd', 'e']));
  const answered: string[] = [];
  for (const key of ['e', 'd']) void queue.ask(key).then(() => answered.push(key));
  await end('a');
  expect(begun).toEqual(['a', 'e']);
  expect(answered).toEqual([]);
  await end('e');
  expect(answered).toEqual(['e']);
  await end('d');
  expect(begun).toEqual(['a', 'e', 'd', 'b']);
});

test('nobody waits for what is done, or was never to be', async () => {
  const { end, queue } = held(1);
  const [done] = queue.add(['a', 'b']);
  await end('a');
  await done;
  await queue.ask('a');
  await queue.ask('unknown');
});

test('whoever asks for what runs waits for it', async () => {
  const { begun, end, queue } = held(1);
  void Promise.all(queue.add(['a']));
  let answered = false;
  void queue.ask('a').then(() => (answered = true));
  await end('unknown');
  expect(answered).toBe(false);
  await end('a');
  expect([answered, begun]).toEqual([true, ['a']]);
});

test('a stop begins nothing more, and waits for what runs', async () => {
  const { begun, end, queue } = held(1);
  const done = queue.add(['a', 'b']);
  const asked = queue.ask('b');
  let stopped = false;
  void queue.stop().then(() => (stopped = true));
  await asked;
  expect(stopped).toBe(false);
  await end('a');
  await Promise.all(done);
  await queue.allDone();
  expect([stopped, begun]).toEqual([true, ['a']]);
});
