import { expect, test } from 'vitest';
import { LogInSlots } from './log-in-slots.ts';
import { Penalties } from './penalties.ts';
import { SessionBounds } from './session-bounds.ts';

function slots(limits: { slots: number; slotsPerAddress: number }) {
  const all = new LogInSlots(limits);
  const evicted: string[] = [];
  const take = (address: string, name: string) => all.take({ address, evict: () => void evicted.push(name) });
  return { all, evicted, take };
}

test('too many of one address: its oldest makes room', () => {
  const { all, evicted, take } = slots({ slots: 10, slotsPerAddress: 2 });
  take('a', 'a1');
  take('b', 'b1');
  take('a', 'a2');
  take('a', 'a3');
  expect(evicted).toEqual(['a1']);
  expect(all.taken).toBe(3);
});

test('too many of all: the oldest of the address that has the most', () => {
  const { all, evicted, take } = slots({ slots: 4, slotsPerAddress: 10 });
  take('quiet', 'quiet');
  for (const name of ['f1', 'f2', 'f3']) take('flood', name);
  take('newcomer', 'newcomer');
  expect(evicted).toEqual(['f1']);
  expect(all.taken).toBe(4);
});

test('a slot is given back once, also by who was evicted', () => {
  const { all, take } = slots({ slots: 10, slotsPerAddress: 1 });
  const release = take('a', 'a1');
  const second = take('a', 'a2');
  release();
  release();
  expect(all.taken).toBe(1);
  second();
  expect(all.taken).toBe(0);
});

test('who fails again and again is kept waiting, longer and longer up to a bound, and is forgiven', () => {
  let now = 0;
  const penalties = new Penalties(2_000, () => now);
  const delays = Array.from({ length: 60 }, () => {
    penalties.add('a');
    return penalties.delayMs('a');
  });
  expect(delays.slice(0, 12)).toEqual([...Array<number>(10).fill(0), 100, 200]);
  expect(delays.at(-1)).toBe(2_000);
  expect(penalties.delayMs('b')).toBe(0);
  now += 90_000;
  expect(penalties.delayMs('a')).toBe(0);
});

test('what is remembered of failures is bounded', () => {
  const penalties = new Penalties(2_000, () => 0);
  for (let n = 0; n < 20; n++) penalties.add('first');
  for (let n = 0; n < 10_000; n++) penalties.add(`stranger ${n}`);
  expect(penalties.delayMs('first')).toBe(0);
});

test('one login’s sessions are bounded, and the last quarter is for those who have few', () => {
  const bounds = new SessionBounds({ sessions: 100, sessionsPerLogin: 60 });
  const held = Array.from({ length: 60 }, () => bounds.take('a'));
  expect(held).not.toContain(undefined);
  expect(bounds.take('a')).toBeUndefined();
  // 75 of 100, 20 of which anybody may have at any time
  const others = Array.from({ length: 40 }, () => bounds.take('b')).filter((one) => one !== undefined);
  expect(others).toHaveLength(20);
  expect(bounds.take('c')).toBeDefined();
  held[0]?.();
  held[0]?.();
  expect(bounds.all).toBe(80);
});
