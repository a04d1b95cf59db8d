import { expect, test } from 'vitest';
import { interleaved } from './interleave.ts';

function recorded(names: readonly string[]) {
  const went: string[] = [];
  const ways = new Map(
    names.map((name) => [
      name,
      async () => {
        went.push(name);
        return { nth: went.length };
      },
    ]),
  );
  return { went, ways };
}

test('the order is swapped in every other round, and the warm-up is thrown away', async () => {
  const { went, ways } = recorded(['a', 'b', 'c']);
  const begun: number[] = [];
  const rounds = await interleaved(ways, {
    rounds: 3,
    warmUp: true,
    begun: async () => void begun.push(went.length),
  });
  expect(went.join('')).toBe('abcabccbaabc');
  expect(begun).toEqual([3]);
  expect(rounds.map((round) => round.get('a'))).toEqual([{ nth: 4 }, { nth: 9 }, { nth: 10 }]);
});

test('what can be done once only is done once', async () => {
  const { went, ways } = recorded(['a', 'b']);
  await interleaved(ways, { rounds: 1, warmUp: false });
  expect(went).toEqual(['a', 'b']);
});
