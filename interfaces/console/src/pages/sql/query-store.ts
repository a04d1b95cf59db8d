/** The history and the saved queries of a project: in this browser only. Nothing of results is kept. */

export interface PastQuery {
  readonly sql: string;
  /** ISO, when it was run last */
  readonly at: string;
  readonly failed: boolean;
}

export interface SavedQuery {
  readonly name: string;
  readonly sql: string;
}

type Kept = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;

const MOST = { past: 100, saved: 200, characters: 20_000 };
/** what would better not lie about in a browser */
const SECRETS = /\b(password|secret|token|api_?key|encrypt\w*|crypt)\b/i;

export class QueryStore {
  readonly #kept: Kept;
  readonly #key: string;

  /** @param mine whose it is, and of which project */
  constructor(kept: Kept, mine: string) {
    this.#kept = kept;
    this.#key = `launchdb.sql.${mine}`;
  }

  get past(): PastQuery[] {
    return this.#read('past', isPast);
  }

  get saved(): SavedQuery[] {
    return this.#read('saved', isSaved);
  }

  /** The same query again moves to the front. One that seems to hold a secret, or is too long, is not kept. */
  ran(query: PastQuery): PastQuery[] {
    const others = this.past.filter(({ sql }) => sql !== query.sql);
    if (query.sql.length > MOST.characters || SECRETS.test(query.sql)) return others;
    return this.#write('past', [query, ...others].slice(0, MOST.past));
  }

  forgetPast(): void {
    this.#kept.removeItem(`${this.#key}.past`);
  }

  /** Replaces the one of that name. */
  save(query: SavedQuery): SavedQuery[] {
    const others = this.saved.filter(({ name }) => name !== query.name);
    const all = [...others, query].sort((a, b) => a.name.localeCompare(b.name));
    return this.#write('saved', all.slice(0, MOST.saved));
  }

  remove(named: string): SavedQuery[] {
    return this.#write(
      'saved',
      this.saved.filter(({ name }) => name !== named),
    );
  }

  /** What was written by another version, or by hand, is as good as nothing. */
  #read<T>(what: string, is: (value: unknown) => value is T): T[] {
    try {
      const found: unknown = JSON.parse(this.#kept.getItem(`${this.#key}.${what}`) ?? '[]');
      return Array.isArray(found) ? found.filter(is) : [];
    } catch {
      return [];
    }
  }

  /** A full or closed storage loses the history, and nothing else. */
  #write<T>(what: string, values: T[]): T[] {
    try {
      this.#kept.setItem(`${this.#key}.${what}`, JSON.stringify(values));
    } catch {
      // then it is kept as long as the page is open
    }
    return values;
  }
}

const has = <K extends string>(value: unknown, ...names: K[]): value is Record<K, unknown> =>
  typeof value === 'object' && value !== null && names.every((name) => name in value);
const isPast = (value: unknown): value is PastQuery =>
  has(value, 'sql', 'at', 'failed') && typeof value.sql === 'string' && typeof value.at === 'string';
const isSaved = (value: unknown): value is SavedQuery =>
  has(value, 'name', 'sql') && typeof value.sql === 'string' && typeof value.name === 'string';
