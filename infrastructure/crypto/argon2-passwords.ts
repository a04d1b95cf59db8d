import argon2 from 'argon2';
import { Unavailable } from '../../application/errors.ts';
import type { Passwords } from '../../application/ports/passwords.ts';

export interface Argon2Options {
  /** hashes computed at the same moment, each with 19 MiB of its own and a thread of the pool; default 2 */
  readonly concurrency?: number;
  /** callers that may wait for their turn; default 32 */
  readonly queueLength?: number;
  /** how long one may wait for its turn; default 10 s */
  readonly maxWaitMs?: number;
}

/** argon2id with the memory, passes and lanes that OWASP recommends as the least. */
const PARAMETERS = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** Of random bytes that nobody kept: compared with when there is no account, at the cost of any comparison. */
const NOBODY =
  '$argon2id$v=19$m=19456,p=1,t=2$N5laiPwoOfauJsNQvROttg$XmCEcNrcKbanb/Qo7o5t/QDmUHAXabykaTPDvEHx1lc';

interface Waiting {
  readonly go: () => void;
}

export class Argon2Passwords implements Passwords {
  readonly #limits: Required<Argon2Options>;
  readonly #queue: Waiting[] = [];
  #running = 0;

  constructor(options: Argon2Options = {}) {
    this.#limits = { concurrency: 2, queueLength: 32, maxWaitMs: 10_000, ...options };
  }

  hash(password: string): Promise<string> {
    return this.#inTurn(() => argon2.hash(prepared(password), PARAMETERS));
  }

  verify(hash: string | undefined, password: string): Promise<boolean> {
    return this.#inTurn(async () => {
      const matches = await argon2.verify(hash ?? NOBODY, prepared(password));
      return matches && hash !== undefined;
    });
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    await this.#turn();
    try {
      return await work();
    } finally {
      // the turn goes to the next in the queue, or back
      const next = this.#queue.shift();
      if (next) next.go();
      else this.#running--;
    }
  }

  async #turn(): Promise<void> {
    const { concurrency, queueLength, maxWaitMs } = this.#limits;
    if (this.#running < concurrency) {
      this.#running++;
      return;
    }
    if (this.#queue.length >= queueLength) throw busy();
    await new Promise<void>((resolve, reject) => {
      const waiting: Waiting = {
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

const busy = () => new Unavailable('check the password: too many are waiting already');
