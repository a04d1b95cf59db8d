/**
 * The shape of every aggregate: `decide` turns a command into events (or throws a `Rejection`), `evolve`
 * folds one event into the state. Both are pure: time, ids and randomness arrive inside the command.
 */
export interface Decider<State, Command, Event> {
  readonly initial: State;
  decide(command: Command, state: State): readonly Event[];
  evolve(state: State, event: Recorded<Event>): State;
}

/** An event as the fold sees it: the fact, its place in its stream and the time it was recorded. */
export type Recorded<Event> = Event & { readonly revision: number; readonly recordedAt: Date };

export function fold<State, Command, Event>(
  decider: Pick<Decider<State, Command, Event>, 'initial' | 'evolve'>,
  events: Iterable<Recorded<Event>>,
): State {
  let state = decider.initial;
  for (const event of events) state = decider.evolve(state, event);
  return state;
}
