import { createServer } from 'node:net';
import { freePort } from '../process/free-port.ts';

const EACH = 990;
/** fetch refuses 10080 */
const FIRST = 10_100;
const RANGES = 10;
/** whoever listens on the nth of them has the nth range, and leaves it however it ends */
const FIRST_CLAIM = FIRST - RANGES;

let claimed: Promise<number> | undefined;

/**
 * A port that stays free while what listens on it is down: the data APIs of a platform under test are given ports
 * of another range, and the test files that run beside this one, each in a process of its own, have another, too.
 */
export async function testPort(): Promise<number> {
  const from = FIRST + (await (claimed ??= claimRange())) * EACH;
  return freePort({ from, to: from + EACH });
}

/** Where all are taken, one is shared. */
async function claimRange(): Promise<number> {
  const wanted = process.pid % RANGES;
  for (let nth = 0; nth < RANGES; nth++) {
    const range = (wanted + nth) % RANGES;
    if (await listensOn(FIRST_CLAIM + range)) return range;
  }
  return wanted;
}

const listensOn = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const claim = createServer().unref();
    claim.once('error', () => resolve(false));
    claim.listen(port, '127.0.0.1', () => resolve(true));
  });
