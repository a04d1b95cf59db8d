import argon2 from 'argon2';
import { unavailable } from '../../application/errors.ts';
import { networkOf } from '../../domain/platform/network-of.ts';
import type { Passwords } from '../../application/ports/passwords.ts';

export interface Argon2Options {
  /** hashes computed at the same moment, each with 19 MiB of its own and a thread of the pool; default 2 */
  readonly concurrency?: number;
  /** callers that may wait for their turn; default 64 */
  readonly queueLength?: number;
  /** of them those of one `who`; default 8 */
  readonly queueLengthEach?: number;
  /** how long one may wait for its turn; default 10 s */
  readonly maxWaitMs?: number;
}

/** argon2id with the memory, passes and lanes that OWASP recommends as the least. */
const PARAMETERS = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** Of random bytes that nobody kept: compared with when there is no account, at the cost of any comparison. */
const NOBODY =
  '$argon2id$v=19$m=19456,p=1,t=2$N5laiPwoOfauJsNQvROttg$XmCEcNrcKbanb/Qo7o5t/QDmUHAXabykaTPDvEHx1lc';

interface Waiting {
  readonly who: string;
  readonly go: () => void;
}

export class Argon2Passwords implements Passwords {
  readonly #limits: Required<Argon2Options>;
  readonly #queue: Waiting[] = [];
  #running = 0;
  #served: string | undefined;

  constructor(options: Argon2Options = {}) {
    this.#limits = { concurrency: 2, queueLength: 64, queueLengthEach: 8, maxWaitMs: 10_000, ...options };
  }

  hash(password: string, who = ''): Promise<string> {
    return this.#inTurn(networkOf(who), () => argon2.hash(prepared(password), PARAMETERS));
  }

  verify(hash: string | undefined, password: string, who = ''): Promise<boolean> {
    return this.#inTurn(networkOf(who), async () => {
      const matches = await argon2.verify(hash ?? NOBODY, prepared(password));
      return matches && hash !== undefined;
    });
  }

  async #inTurn<T>(who: string, work: () => Promise<T>): Promise<T> {
    await this.#turn(who);
    try {
      return await work();
    } finally {
      // the turn goes to the next in the queue, or back
      const next = this.#next();
      if (next) next.go();
      else this.#running--;
    }
  }

  /** Whoever has waited the longest among those who were not served last: nobody waits behind all of somebody else's. */
  #next(): Waiting | undefined {
    const at = Math.max(
      0,
      this.#queue.findIndex(({ who }) => who !== this.#served),
    );
    const [next] = this.#queue.splice(at, 1);
    this.#served = next?.who;
    return next;
  }

  async #turn(who: string): Promise<void> {
    const { concurrency, queueLength, queueLengthEach, maxWaitMs } = this.#limits;
    if (this.#running < concurrency) {
      this.#running++;
      return;
    }
    const own = this.#queue.filter((waiting) => waiting.who === who).length;
    // callers that tell nobody's name are all one
    if (this.#queue.length >= queueLength || (who !== '' && own >= queueLengthEach)) throw busy();
    await new Promise<void>((resolve, reject) => {
      const waiting: Waiting = {
        who,
        go: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      const timer = setTimeout(() => {
        this.#queue.splice(this.#queue.indexOf(waiting), 1);
        reject(busy());
      }, maxWaitMs);
      this.#queue.push(waiting);
    });
  }
}

/** One text for the several ways in which keyboards write the same characters. */
const prepared = (password: string): string => password.normalize('NFC');

const busy = () => unavailable('password_checks', 'check the password: too many are waiting already');
