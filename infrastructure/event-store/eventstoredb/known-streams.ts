/** A stream as this process has seen it: without a gap from where it begins. What was hidden since stays known. */
export class KnownStream {
  readonly #revisions = new Map<string, number>();
  #fingerprints: string[] = [];
  #first = 0;

  /** The last revision that is known; -1 when none is. */
  get last(): number {
    return this.#first + this.#fingerprints.length - 1;
  }

  /** how many of its events are known */
  get size(): number {
    return this.#fingerprints.length;
  }

  /** Says that the stream shows no event before that one, as it is when its beginning was cut off. */
  beginAt(revision: number): void {
    if (revision <= this.last + 1 && this.size > 0) return;
    this.#first = revision;
    this.#fingerprints = [];
    this.#revisions.clear();
  }

  /** An event that would leave a gap, or that is known, is passed over. */
  add(revision: number, id: string, fingerprint: string): void {
    if (revision !== this.last + 1) return;
    this.#fingerprints.push(fingerprint);
    this.#revisions.set(id, revision);
  }

  find(id: string): { readonly revision: number; readonly fingerprint: string | undefined } | undefined {
    const revision = this.#revisions.get(id);
    if (revision === undefined) return undefined;
    return { revision, fingerprint: this.#fingerprints[revision - this.#first] };
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
    const count = entry.stream.size + 1;
    this.#events += count - entry.counted;
    entry.counted = count;
    for (const [name, { counted }] of this.#streams) {
      if (this.#events <= this.#maxEvents || name === keep) return;
      this.#streams.delete(name);
      this.#events -= counted;
    }
  }
}
