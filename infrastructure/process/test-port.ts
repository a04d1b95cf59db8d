import { freePort } from './free-port.ts';

const EACH = 1_000;

/**
 * A port that stays free while what listens on it is down: the data APIs of a platform under test are given ports
 * of another range, and the test files that run beside this one, each in a process of its own, mostly too.
 */
export const testPort = (): Promise<number> => {
  const from = 10_000 + (process.pid % 10) * EACH;
  return freePort({ from, to: from + EACH });
};
