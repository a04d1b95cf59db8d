import { expect, test } from 'vitest';
import { filesOf, isInto, transfer } from './move-folder.ts';

function moving(below: readonly string[]) {
  const did: string[] = [];
  const note = (how: string) => (bucket: string, from: string, to: string) => {
    did.push(`${how} ${bucket}: ${from} > ${to}`);
    return Promise.resolve();
  };
  return {
    did,
    client: { allBelow: () => Promise.resolve(below), move: note('move'), copy: note('copy') },
  };
}

test('a file goes to its other path', async () => {
  const { client, did } = moving([]);
  await transfer(client, 'copy', 'b', { from: 'a/x.txt', to: 'c/y.txt' });
  expect(did).toEqual(['copy b: a/x.txt > c/y.txt']);
});

test('a folder goes with everything that is in it, and tells how far it is', async () => {
  const { client, did } = moving(['a/1', 'a/a/2']);
  const told: number[][] = [];
  await transfer(client, 'move', 'b', { from: 'a/', to: 'z/a/' }, (...far) => told.push(far));
  expect(did).toEqual(['move b: a/1 > z/a/1', 'move b: a/a/2 > z/a/a/2']);
  expect(told).toEqual([
    [0, 2],
    [1, 2],
  ]);
});

test('files and folders together are files', async () => {
  expect(await filesOf(moving(['d/1', 'd/2']).client, 'b', ['x', 'd/'])).toEqual(['x', 'd/1', 'd/2']);
});

test('a folder does not go into itself, and may go beside itself', () => {
  expect([isInto('a/', 'a/b/'), isInto('a/', 'ab/'), isInto('a', 'a/b')]).toEqual([true, false, false]);
});
