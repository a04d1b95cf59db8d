/** A few pieces of work at once, and turns that nobody takes from others: neither by coming often nor by what each costs. */

export interface TurnLimits {
  /** pieces of work at the same moment */
  readonly concurrency: number;
  /** that may wait, all together */
  readonly queueLength: number;
  /** how long one may wait for its turn */
  readonly maxWaitMs: number;
}

/** What somebody has of it: a party, or an address within it. */
interface Share {
  readonly name: string;
  running: number;
  waiting: number;
  /** since there was last nothing of theirs here */
  spentMs: number;
}

interface Party extends Share {
  readonly addresses: Map<string, Share>;
}

interface Place {
  readonly party: Party;
  readonly address: Share;
}

interface Waiting extends Place {
  readonly go: () => void;
  readonly sendAway: () => void;
}

export class FairTurns {
  readonly #limits: TurnLimits;
  readonly #busy: () => Error;
  readonly #now: () => number;
  readonly #parties = new Map<string, Party>();
  /** in the order in which they came */
  #queue: Waiting[] = [];
  #running = 0;
  #refused = 0;

  /** @param busy what is thrown at whoever has to go @param now in ms */
  constructor(limits: TurnLimits, busy: () => Error, now = () => performance.now()) {
    this.#limits = limits;
    this.#busy = busy;
    this.#now = now;
  }

  get load() {
    return { running: this.#running, waiting: this.#queue.length, refused: this.#refused };
  }

  async inTurn<T>(party: string, address: string, work: () => Promise<T>): Promise<T> {
    const place = this.#placeOf(party, address);
    if (this.#running < this.#limits.concurrency) this.#start(place);
    else await this.#wait(place);
    const from = this.#now();
    try {
      return await work();
    } finally {
      this.#end(place, this.#now() - from);
    }
  }

  #start(place: Place): void {
    this.#running++;
    for (const share of sharesOf(place)) share.running++;
  }

  #end(place: Place, tookMs: number): void {
    this.#running--;
    for (const share of sharesOf(place)) {
      share.running--;
      share.spentMs += tookMs;
    }
    // whoever has least at this moment, then whoever has had least, then whoever has waited longest
    const next = this.#queue.reduce<Waiting | undefined>(
      (best, one) => (best && !isBefore(rankOf(one), rankOf(best)) ? best : one),
      undefined,
    );
    if (next) {
      this.#leave(next);
      this.#start(next);
      next.go();
    }
    this.#forget(place);
  }

  async #wait(place: Place): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const sendAway = () => {
        clearTimeout(timer);
        this.#leave(waiting);
        this.#forget(waiting);
        this.#refused++;
        reject(this.#busy());
      };
      const go = () => {
        clearTimeout(timer);
        resolve();
      };
      const waiting: Waiting = { ...place, go, sendAway };
      const timer = setTimeout(sendAway, this.#limits.maxWaitMs);
      this.#queue.push(waiting);
      for (const share of sharesOf(place)) share.waiting++;
      if (this.#queue.length > this.#limits.queueLength) this.#lastOfTheLongest()?.sendAway();
    });
  }

  /** Who floods it makes room for the others: the newest of the address with most, of the party with most. */
  #lastOfTheLongest(): Waiting | undefined {
    const length = ({ party, address }: Place) => [-party.waiting, -address.waiting];
    return this.#queue.reduce<Waiting | undefined>(
      (worst, one) => (worst && isBefore(length(worst), length(one)) ? worst : one),
      undefined,
    );
  }

  #leave(waiting: Waiting): void {
    this.#queue = this.#queue.filter((one) => one !== waiting);
    for (const share of sharesOf(waiting)) share.waiting--;
  }

  /** Who comes anew starts level with whoever has had least, so that nobody has turns in store. */
  #placeOf(partyName: string, addressName: string): Place {
    const party = this.#parties.get(partyName) ?? {
      ...newShare(partyName, this.#parties),
      addresses: new Map<string, Share>(),
    };
    const address = party.addresses.get(addressName) ?? newShare(addressName, party.addresses);
    this.#parties.set(partyName, party);
    party.addresses.set(addressName, address);
    return { party, address };
  }

  #forget({ party, address }: Place): void {
    if (address.running + address.waiting === 0) party.addresses.delete(address.name);
    if (party.running + party.waiting === 0) this.#parties.delete(party.name);
  }
}

function newShare(name: string, others: ReadonlyMap<string, Share>): Share {
  const spent = [...others.values()].map(({ spentMs }) => spentMs);
  return { name, running: 0, waiting: 0, spentMs: spent.length === 0 ? 0 : Math.min(...spent) };
}

const sharesOf = ({ party, address }: Place): readonly Share[] => [party, address];

const rankOf = ({ party, address }: Place): readonly number[] => [
  party.running,
  party.spentMs,
  address.running,
  address.spentMs,
];

function isBefore(one: readonly number[], other: readonly number[]): boolean {
  const at = one.findIndex((value, index) => value !== other[index]);
  return at >= 0 && (one[at] ?? 0) < (other[at] ?? 0);
}
