/**
 * What the bench measures, as data. A section has groups; a group has ways to do the same thing (ours, and what stands beside
 * it), which the runner goes round by round, in swapped order; and figures, which say which ways are compared and what is wanted.
 */
import type { PlatformUnderTest } from '../acceptance/platform-under-test.ts';

/** What one round of a way came to, by name: one number, or one for each thing that was done. */
export type Measures = Readonly<Record<string, number | readonly number[]>>;

export type Way = () => Promise<Measures>;

/** What is wanted of a figure; of several bounds one is enough. */
export type Goal = Partial<
  Readonly<Record<'valueAtMost' | 'valueAtLeast' | 'ratioAtMost' | 'ratioAtLeast', number>>
>;

/** A way of the group, and which of its measures. */
export type Measured = readonly [way: string, measure: string];

export interface FigureSpec {
  readonly name: string;
  readonly unit: string;
  readonly of: Measured;
  /** of what a round did; default: the median */
  readonly quantile?: number;
  readonly beside?: Measured;
  readonly goal?: Goal;
}

export interface Group {
  readonly ways: Readonly<Record<string, Way>>;
  readonly figures: readonly FigureSpec[];
  /** default: 5; 1: it can be done once only */
  readonly rounds?: number;
  /** default: each way is gone once before the rounds, and that is thrown away */
  readonly warmUp?: boolean;
}

export interface GroupPlan {
  readonly name: string;
  /** has the section's main ratio: `--quick` goes no other */
  readonly main?: boolean;
  /**
   * `--quick` prepares it when its turn comes, and not with all others at the beginning: what it needs is of another section
   * until then, or does not keep quiet while it waits.
   */
  readonly late?: boolean;
  prepare(context: Context): Promise<Group>;
}

export interface Section {
  readonly name: string;
  readonly summary: string;
  readonly groups: readonly GroupPlan[];
}

/** What a group is known by among those of all sections. */
export function keyOf(section: string, group: string): string {
  return `${section} ${group}`;
}

export interface Closable {
  close(): Promise<unknown>;
}

/** What the runner gives a group that prepares itself. */
export interface Context {
  /** fewer and smaller of everything: the whole bench in a minute */
  readonly quick: boolean;
  /** how long one round of load lasts */
  readonly seconds: number;
  /** how long the soak lasts, in minutes */
  readonly minutes: number;
  /** Made by the first group that asks, closed at the end of the section. */
  share<T extends Closable>(key: string, make: () => Promise<T>): Promise<T>;
  /** The same, for all sections of a run: what takes long to make and disturbs nobody. */
  shareWithAll<T extends Closable>(key: string, make: () => Promise<T>): Promise<T>;
  /** A platform that runs, of its own for each environment. */
  platform(environment?: Readonly<Record<string, string>>): Promise<PlatformUnderTest>;
  /** One that nobody shares, and that does not run yet: whoever asks for it closes it. */
  newPlatform(environment?: Readonly<Record<string, string>>): Promise<PlatformUnderTest>;
  /** At the end of the group, last comes first. */
  atEnd(close: () => unknown): void;
}
