/** The rows of one table in one order, read as they are looked at. Pages are read in the order in which they are wanted. */
import type { SqlResult } from '../../api/sql.ts';
import { updateQuery } from '../../data/change-rows.ts';
import {
  countQuery,
  estimateQuery,
  pageQuery,
  rowOf,
  type Asked,
  type Query,
  type ReadTable,
  type Row,
} from '../../data/read-rows.ts';
import { PAGE, RowPages } from '../../data/row-pages.ts';

type Run = (query: Query, signal: AbortSignal) => Promise<SqlResult>;
type Cells = readonly (string | null)[];

/** A browser lets nothing be higher than about 17 million pixels. */
export const MOST_ROWS = 500_000;
/** who drags the bar passes many pages, and wants none of them */
const SETTLED_MS = 60;

/** as the planner counts: less than a tenth of a second, for some 300,000 rows that are not wide */
const CHEAP = 5_000;

export interface Total {
  /** the planner's guess until they are counted: how long the bar is */
  readonly rows: number;
  readonly exact: boolean;
}

/** What of a plan is looked at. */
interface Guess {
  readonly 'Plan Rows'?: unknown;
  readonly 'Total Cost'?: unknown;
}

/** Somebody else changed or deleted the row. */
export class ChangedMeanwhile extends Error {}

export class RowSource {
  readonly #table: ReadTable;
  readonly #asked: Asked;
  readonly #run: Run;
  readonly #listeners = new Set<() => void>();
  readonly #stop = new AbortController();
  readonly #pages = new RowPages();
  #loading: { readonly page: number; readonly stop: AbortController } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wanted: readonly [number, number] = [0, 0];
  #total: Total | undefined;
  #error: unknown = null;
  #version = 0;

  constructor(table: ReadTable, asked: Asked, run: Run) {
    this.#table = table;
    this.#asked = asked;
    this.#run = run;
  }

  /** Reads the first page, asks the planner how many rows there are, and counts them where that is cheap. */
  start(): void {
    void this.#estimate(this.#load(0));
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#stop.abort();
    this.#loading?.stop.abort();
  }

  readonly subscribe = (heard: () => void): (() => void) => {
    this.#listeners.add(heard);
    return () => void this.#listeners.delete(heard);
  };

  readonly version = (): number => this.#version;

  get error(): unknown {
    return this.#error;
  }

  /** Whether anything is there to be shown. */
  get started(): boolean {
    return this.#pages.last >= 0;
  }

  /** undefined: nothing is known yet */
  get total(): Total | undefined {
    const end = this.#pages.end;
    if (end !== undefined) return { rows: end, exact: true };
    return this.#total;
  }

  /** How many rows there is room for: at least those that are known, and one page more while nobody knows the end. */
  get shownRows(): number {
    const total = this.total;
    if (total?.exact) return Math.min(total.rows, MOST_ROWS);
    const known = (this.#pages.last + 1) * PAGE;
    return Math.min(Math.max(total?.rows ?? 0, known > 0 ? known + PAGE : 0), MOST_ROWS);
  }

  row(index: number): Row | undefined {
    return this.#pages.row(index);
  }

  /** Tells what is looked at: it is read first, and what nobody looks at any more is given up. */
  readonly look = (from: number, to: number): void => {
    this.#wanted = [from, to];
    const missing = this.#pages.missing(from, to);
    if (missing.length === 0) return;
    if (this.#loading && !missing.includes(this.#loading.page)) this.#loading.stop.abort();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#next(), SETTLED_MS);
  };

  #next(): void {
    if (this.#loading || this.#error !== null) return;
    const [page] = this.#pages.missing(...this.#wanted);
    const total = this.total;
    if (page === undefined || (total?.exact && page * PAGE >= total.rows && page > 0)) return;
    void this.#load(page);
  }

  retry(): void {
    this.#error = null;
    this.#changed();
    if (this.started) this.#next();
    else this.start();
  }

  async #load(page: number): Promise<void> {
    const stop = new AbortController();
    this.#loading = { page, stop };
    try {
      const query = pageQuery(
        this.#table,
        this.#asked,
        { from: page * PAGE, size: PAGE },
        this.#pages.anchorFor(page),
      );
      const { rows } = await this.#run(query, stop.signal);
      this.#pages.put(
        page,
        rows.map((values) => rowOf(this.#table, this.#asked, values as Cells)),
      );
      if (rows.length === 0 && page > 0) await this.#end(page);
    } catch (error) {
      if (!stop.signal.aborted) this.#error = error;
    }
    if (this.#stop.signal.aborted) return;
    this.#loading = undefined;
    this.#changed();
    this.#next();
  }

  /** The planner believed in rows that there are not: where they end has to be counted. */
  async #end(page: number): Promise<void> {
    if (this.total?.exact) return;
    await this.count().catch(() => (this.#total = { rows: page * PAGE, exact: false }));
  }

  /** @param first page: where it has all rows they are counted by it */
  async #estimate(first: Promise<void>): Promise<void> {
    try {
      const { rows } = await this.#run(estimateQuery(this.#table, this.#asked), this.#stop.signal);
      const plans = rows[0]?.[0] as readonly { readonly Plan: Guess }[] | undefined;
      // they come with all of their digits, as an object where a number would lose one
      const guess = Number(plans?.[0]?.Plan['Plan Rows']);
      const cost = Number(plans?.[0]?.Plan['Total Cost']);
      if (Number.isFinite(guess)) this.#total ??= { rows: guess, exact: false };
      this.#changed();
      await first;
      if (cost <= CHEAP && this.started && !this.total?.exact) await this.count();
    } catch {
      // whoever reads the page hears why: this is only for how long the bar is
    }
    this.#changed();
  }

  /** @throws what the platform says: a large table may take longer than a statement has */
  async count(): Promise<number> {
    const { rows } = await this.#run(countQuery(this.#table, this.#asked), this.#stop.signal);
    this.#total = { rows: Number(rows[0]?.[0]), exact: true };
    this.#changed();
    return this.#total.rows;
  }

  /**
   * Shows the value at once, and takes it back if it is not saved.
   * @param from the value in full
   * @throws {ChangedMeanwhile} and what the platform says
   */
  async change(index: number, column: number, from: string | null, to: string | null): Promise<void> {
    const row = this.row(index);
    const changed = this.#table.columns[column];
    if (!row || !changed) return;
    this.#put(index, { ...row, cells: row.cells.with(column, to) });
    try {
      const query = updateQuery(this.#table, this.#asked, row, changed, { from, to });
      const { rows } = await this.#run(query, this.#stop.signal);
      const [now] = rows;
      if (!now) throw new ChangedMeanwhile();
      this.#put(index, rowOf(this.#table, this.#asked, now as Cells));
    } catch (error) {
      this.#put(index, row);
      if (error instanceof ChangedMeanwhile) await this.#load(Math.floor(index / PAGE));
      throw error;
    }
  }

  #put(index: number, row: Row): void {
    this.#pages.replace(index, row);
    this.#changed();
  }

  #changed(): void {
    this.#version++;
    for (const heard of this.#listeners) heard();
  }
}
