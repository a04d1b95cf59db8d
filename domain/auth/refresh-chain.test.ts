import { expect, test } from 'vitest';
import { placeInChain } from './refresh-chain.ts';

const now = new Date('2026-11-29T12:00:00Z');
const session = (counter: number, agoSeconds: number | null) => ({
  refreshTokenCounter: counter,
  refreshedAt: agoSeconds === null ? null : new Date(now.getTime() - agoSeconds * 1000),
});

test('the current one is exchanged, the one directly before it answered, whenever that was', () => {
  expect(placeInChain(session(5, 3600), 5, 10, now)).toBe('current');
  expect(placeInChain(session(5, 3600), 4, 10, now)).toBe('again');
  expect(placeInChain(session(1, null), 1, 10, now)).toBe('current');
  expect(placeInChain(session(1, null), 0, 10, now)).toBe('again');
});

test('an older one is good for the reuse interval, and a sign of theft later', () => {
  expect(placeInChain(session(5, 9.9), 3, 10, now)).toBe('again');
  expect(placeInChain(session(5, 10), 3, 10, now)).toBe('reused');
  expect(placeInChain(session(5, 0), 3, 0, now)).toBe('reused');
  expect(placeInChain(session(5, null), 3, 10, now)).toBe('reused');
});

test('one that is still to come is no token', () => {
  expect(placeInChain(session(5, 1), 6, 10, now)).toBe('unknown');
});
