import { freePort } from './free-port.ts';

const EACH = 1_000;

/**
 * A port that stays free while what listens on it is down: neither the data APIs of a platform under test nor the
 * test files that run beside this one are given ports of this range.
 */
export const testPort = (): Promise<number> => {
  const from = 10_000 + (Number(process.env['VITEST_POOL_ID'] ?? 0) % 8) * EACH;
  return freePort({ from, to: from + EACH });
};
