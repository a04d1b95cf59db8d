/** How far a long step is. */
export interface Progress {
  readonly done: number;
  /** null: nobody knows */
  readonly total: number | null;
  /** of what: `projects`, `bytes` */
  readonly unit: string;
}

/** Which step: the name of its aggregate, and which one. */
export interface StepOf {
  readonly aggregate: string;
  readonly id: string;
  readonly step: string;
}

export interface ToldProgress extends Progress {
  readonly step: string;
  readonly at: Date;
}

/**
 * How far long steps are, from whoever is at work on them to whoever shows it. It is no fact of the log: nothing follows
 * from it, and when it is lost the next word of the step brings it back.
 */
export interface StepProgress {
  /**
   * As often as one likes: of what comes quickly the last word counts. Never throws.
   * @param progress undefined: the step has ended
   */
  tell(step: StepOf, progress: Progress | undefined): void;
  /** The last word of a step that has not ended, or of one whose worker died in it. @throws {Unavailable} */
  of(aggregate: string, id: string): Promise<ToldProgress | undefined>;
}
