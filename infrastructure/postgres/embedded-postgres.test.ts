import { expect, test } from 'vitest';
import { waitsFor } from './embedded-postgres.ts';

const answer = (code: string) => Object.assign(new Error('FATAL'), { code });

test('a server that recovers is waited for, one that is away not as long, and a wrong password not at all', () => {
  expect(waitsFor(answer('57P03'))).toBe(600_000);
  for (const away of [answer('ECONNREFUSED'), answer('53300'), new Error('timeout')])
    expect(waitsFor(away)).toBe(60_000);
  expect(waitsFor(answer('28P01'))).toBe(0);
});
