import { freePort } from '../process/free-port.ts';

const EACH = 990;
/** fetch refuses 10080 */
const FIRST = 10_100;

/**
 * A port that stays free while what listens on it is down: the data APIs of a platform under test are given ports
 * of another range, and the test files that run beside this one, each in a process of its own, mostly too.
 */
export const testPort = (): Promise<number> => {
  const from = FIRST + (process.pid % 10) * EACH;
  return freePort({ from, to: from + EACH });
};
