/** How often a pooler is reloaded and looked at, and how long it may take to answer. */
export interface PoolerPace {
  /** at most: each reload is a stall for everybody */
  readonly reloadEveryMs: number;
  /** from one look at the files to the next; the first pause before another try, too */
  readonly lookEveryMs: number;
  /** from one look at what is served to the next; the longest pause before another try, too */
  readonly askEveryMs: number;
  readonly answersWithinMs: number;
}

export const USUAL_PACE: PoolerPace = {
  reloadEveryMs: 250,
  lookEveryMs: 1_000,
  askEveryMs: 5_000,
  answersWithinMs: 5_000,
};
