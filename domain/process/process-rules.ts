/** What has to be known of a process without its steps: by the fold, by the worker, by whoever shows it. */
type Fact = { readonly type: string; readonly data: unknown };

export interface Failure {
  readonly step: string;
  readonly reason: string;
}

/**
 * What happens when a step's tries are exhausted. `undo`: what was done is undone, last first, and then the outcome is
 * recorded; `end`: it is recorded at once, and what was done stays; `suspend`: nothing goes on until an operator looks.
 * An undo that gives up is always suspended.
 */
export type GivesUp<Subject, Event extends Fact> =
  | { readonly kind: 'undo' | 'end'; readonly outcome: (subject: Subject, failure: Failure) => Event }
  | { readonly kind: 'suspend' };

export interface ProcessRules<Subject, Event extends Fact> {
  /** the events that begin it; each of them wakes the worker */
  readonly startedBy: readonly Event['type'][];
  /** the events that end it early, or turn it around; they stop the step that is under way */
  readonly cancelledBy?: readonly Event['type'][];
  readonly givesUp: GivesUp<Subject, Event>;
  /** nobody waits for it: its steps are done while nothing else is */
  readonly yields?: true;
}
