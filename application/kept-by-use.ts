/** A bounded memory: what was not asked for longest goes first. */
export class KeptByUse<T> {
  readonly #most: number;
  readonly #mostWeight: number;
  readonly #kept = new Map<string, { readonly value: T; readonly weight: number }>();
  #weight = 0;

  constructor(most: number, mostWeight = Infinity) {
    this.#most = most;
    this.#mostWeight = mostWeight;
  }

  get size(): number {
    return this.#kept.size;
  }

  get(key: string): T | undefined {
    const one = this.#kept.get(key);
    if (!one) return undefined;
    this.#kept.delete(key);
    this.#kept.set(key, one);
    return one.value;
  }

  put(key: string, value: T, weight = 0): void {
    this.delete(key);
    this.#kept.set(key, { value, weight });
    this.#weight += weight;
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= this.#most && this.#weight <= this.#mostWeight) return;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    this.#weight -= this.#kept.get(key)?.weight ?? 0;
    this.#kept.delete(key);
  }

  clear(): void {
    this.#kept.clear();
    this.#weight = 0;
  }
}
