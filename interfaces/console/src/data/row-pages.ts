/** Which pages of a long table are there, which one to ask for next, and from which known row it is counted. */
import type { Anchor, Row } from './read-rows.ts';

export const PAGE = 200;
/** pages that are kept; further ones are asked for again */
const MOST_KEPT = 60;

export class RowPages {
  readonly #pages = new Map<number, readonly Row[]>();
  /** the last row of each page that ever was there: cheap to keep, and near to wherever somebody scrolls */
  readonly #ends = new Map<number, readonly string[]>();

  has(page: number): boolean {
    return this.#pages.has(page);
  }

  /** Keeps the page, and forgets the one that is furthest from it when there are too many. */
  put(page: number, rows: readonly Row[]): void {
    this.#pages.set(page, rows);
    const last = rows.at(-1);
    if (rows.length === PAGE && last && last.place.length > 0) this.#ends.set(page, last.place);
    if (this.#pages.size <= MOST_KEPT) return;
    const [furthest] = [...this.#pages.keys()].sort((a, b) => Math.abs(b - page) - Math.abs(a - page));
    if (furthest !== undefined) this.#pages.delete(furthest);
  }

  row(index: number): Row | undefined {
    return this.#pages.get(Math.floor(index / PAGE))?.[index % PAGE];
  }

  replace(index: number, row: Row): void {
    const page = Math.floor(index / PAGE);
    const rows = this.#pages.get(page);
    if (rows) this.#pages.set(page, rows.with(index % PAGE, row));
  }

  /** The pages that these rows are on and that are not there, the first one first. */
  missing(from: number, to: number): number[] {
    const wanted: number[] = [];
    for (let page = Math.floor(Math.max(0, from) / PAGE); page * PAGE <= to; page++)
      if (!this.#pages.has(page)) wanted.push(page);
    return wanted;
  }

  /** The nearest row in front of the page whose place in the order is known. */
  anchorFor(page: number): Anchor | undefined {
    let nearest = -1;
    for (const known of this.#ends.keys()) if (known < page && known > nearest) nearest = known;
    const place = this.#ends.get(nearest);
    return place && { index: (nearest + 1) * PAGE - 1, place };
  }

  /** The last page that ever was there; -1: none. */
  get last(): number {
    return Math.max(-1, ...this.#pages.keys(), ...this.#ends.keys());
  }

  /** How many rows there are, once a page told where they end. */
  get end(): number | undefined {
    for (const [page, rows] of this.#pages)
      if (rows.length < PAGE && (rows.length > 0 || page === 0 || this.#pages.get(page - 1)?.length === PAGE))
        return page * PAGE + rows.length;
    return undefined;
  }
}
