/** The beginning of a stream, as this process has seen it: without a gap from the first event on. */
export class KnownStream {
  readonly #revisions = new Map<string, number>();
  readonly #fingerprints: string[] = [];

  /** The last revision that is known; -1 when none is. */
  get last(): number {
    return this.#fingerprints.length - 1;
  }

  /** An event that would leave a gap, or that is known, is passed over. */
  add(revision: number, id: string, fingerprint: string): void {
    if (revision !== this.#fingerprints.length) return;
    this.#fingerprints.push(fingerprint);
    this.#revisions.set(id, revision);
  }

  find(id: string): { readonly revision: number; readonly fingerprint: string | undefined } | undefined {
    const revision = this.#revisions.get(id);
    return revision === undefined ? undefined : { revision, fingerprint: this.#fingerprints[revision] };
  }
}

/** The streams that were used last, within a bound. What is forgotten is read again when it is needed. */
export class KnownStreams {
  readonly #maxEvents: number;
  /** the one used last comes last; `counted` is how many of its events are in the sum */
  readonly #streams = new Map<string, { readonly stream: KnownStream; counted: number }>();
  #events = 0;

  constructor(maxEvents: number) {
    this.#maxEvents = maxEvents;
  }

  of(name: string): KnownStream {
    const entry = this.#streams.get(name) ?? { stream: new KnownStream(), counted: 0 };
    this.#streams.delete(name);
    this.#streams.set(name, entry);
    this.#bound(name, entry);
    return entry.stream;
  }

  /** Begins anew with a stream: what was known is not so. */
  afresh(name: string): KnownStream {
    this.#events -= this.#streams.get(name)?.counted ?? 0;
    this.#streams.delete(name);
    return this.of(name);
  }

  /** Says that a stream has grown. */
  grown(name: string): void {
    const entry = this.#streams.get(name);
    if (entry) this.#bound(name, entry);
  }

  #bound(keep: string, entry: { readonly stream: KnownStream; counted: number }): void {
    // one more than its events: one without any takes memory too
    const count = entry.stream.last + 2;
    this.#events += count - entry.counted;
    entry.counted = count;
    for (const [name, { counted }] of this.#streams) {
      if (this.#events <= this.#maxEvents || name === keep) return;
      this.#streams.delete(name);
      this.#events -= counted;
    }
  }
}
