import { expect, test } from 'vitest';
import { LocalHost } from './local-host.ts';
import type { Context, Group, GroupPlan } from './section.ts';

const host = () => new LocalHost({ quick: true, rounds: undefined, seconds: 1, minutes: 1 });
const groupOf = (value: number): Group => ({ ways: { ours: async () => ({ value }) }, figures: [] });
// of the table: a host knows no others
const [APPEND, LAG] = [
  ['append', '1 caller'],
  ['lag', 'idle'],
] as const;
const plan = (
  [section, name]: readonly [string, string],
  prepare: GroupPlan['prepare'],
  late = false,
): readonly [string, GroupPlan] => [section, { name, late, prepare }];

test('groups are prepared at the same time, and each is gone when its turn comes', async () => {
  const both = Promise.withResolvers<void>();
  let begun = 0;
  const together = (value: number) => async () => {
    if (++begun === 2) both.resolve();
    await both.promise;
    return groupOf(value);
  };
  const one = host();
  await one.ahead([plan(APPEND, together(1)), plan(LAG, together(2))]);
  expect(begun).toBe(2);
  for (const [[section, group], value] of [
    [LAG, 2],
    [APPEND, 1],
  ] as const) {
    expect(await one.prepare(section, group)).toMatchObject({ ways: ['ours'] });
    expect(await one.run('ours')).toEqual({ value });
    await one.leaveSection();
  }
  await one.close();
});

test('one that is late is not prepared with the others, and one that fails does so in its turn', async () => {
  const one = host();
  const prepared: string[] = [];
  await one.ahead([
    plan(APPEND, () => Promise.reject(new Error('no server'))),
    plan(
      LAG,
      async () => {
        prepared.push('lag');
        return groupOf(1);
      },
      true,
    ),
  ]);
  expect(prepared).toEqual([]);
  await expect(one.prepare(...APPEND)).rejects.toThrow('no server');
  await one.close();
});

test('a group closes what it has opened, last comes first, and the section what its groups share', async () => {
  const closed: string[] = [];
  const opens = (name: string) => async (context: Context) => {
    await context.share('shared', async () => ({ close: async () => closed.push(`${name}, shared`) }));
    context.atEnd(() => closed.push(`${name}, first`));
    context.atEnd(() => closed.push(`${name}, last`));
    return groupOf(1);
  };
  const one = host();
  await one.ahead([plan(APPEND, opens('append')), plan(LAG, opens('lag'))]);
  await one.prepare(...APPEND);
  await one.leaveGroup();
  expect(closed).toEqual(['append, last', 'append, first']);
  await one.leaveSection();
  expect(closed.splice(0)).toEqual(['append, last', 'append, first', 'append, shared']);
  // its turn never came
  await one.close();
  expect(closed).toEqual(['lag, last', 'lag, first', 'lag, shared']);
});

test('one that cannot be closed keeps nobody else from it', async () => {
  const closed: string[] = [];
  const one = host();
  await one.ahead([
    plan(APPEND, async (context) => {
      await context.share('shared', async () => ({ close: async () => closed.push('shared') }));
      context.atEnd(() => closed.push('first'));
      context.atEnd(() => Promise.reject(new Error('it is gone already')));
      return groupOf(1);
    }),
  ]);
  await expect(one.close()).rejects.toThrow('it is gone already');
  expect(closed).toEqual(['first', 'shared']);
});

test('what is opened while the bench ends is closed at once', async () => {
  const closed: string[] = [];
  const end = Promise.withResolvers<void>();
  const one = host();
  const ahead = one.ahead([
    plan(APPEND, async (context) => {
      await end.promise;
      context.atEnd(() => closed.push('late'));
      await expect(context.newPlatform()).rejects.toThrow('the bench ends');
      return groupOf(1);
    }),
  ]);
  await one.close();
  end.resolve();
  await ahead;
  expect(closed).toEqual(['late']);
});
