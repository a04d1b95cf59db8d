/**
 * How many connections may be logging in at a time. Nobody is refused for the others: when there are too many, the
 * oldest one of the address that has the most makes room. A log-in takes milliseconds, so it is one that hangs back; and
 * who floods pushes out their own.
 */
export interface Slot {
  readonly address: string;
  evict(): void;
}

export interface SlotLimits {
  readonly slots: number;
  readonly slotsPerAddress: number;
}

export class LogInSlots {
  readonly #limits: SlotLimits;
  /** each in the order in which they came */
  readonly #byAddress = new Map<string, Set<Slot>>();
  #taken = 0;

  constructor(limits: SlotLimits) {
    this.#limits = limits;
  }

  get taken(): number {
    return this.#taken;
  }

  /** Takes one until what is returned is called. */
  take(slot: Slot): () => void {
    const { slots, slotsPerAddress } = this.#limits;
    if ((this.#byAddress.get(slot.address)?.size ?? 0) >= slotsPerAddress) this.#evictOldest(slot.address);
    else if (this.#taken >= slots) this.#evictOldest(this.#mostCrowded());
    const beside = this.#byAddress.get(slot.address) ?? new Set();
    this.#byAddress.set(slot.address, beside.add(slot));
    this.#taken++;
    return () => this.#release(slot);
  }

  #release(slot: Slot): void {
    const beside = this.#byAddress.get(slot.address);
    if (!beside?.delete(slot)) return;
    this.#taken--;
    if (beside.size === 0) this.#byAddress.delete(slot.address);
  }

  #evictOldest(address: string | undefined): void {
    const [oldest] = this.#byAddress.get(address ?? '') ?? [];
    if (!oldest) return;
    this.#release(oldest);
    oldest.evict();
  }

  #mostCrowded(): string | undefined {
    let most: { address: string; size: number } | undefined;
    for (const [address, { size }] of this.#byAddress) if (size > (most?.size ?? 0)) most = { address, size };
    return most?.address;
  }
}
