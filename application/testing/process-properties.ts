/**
 * Properties that every process has to have, whatever its aggregate, given for free: a crash at any point, a failure of
 * any step and an effect done twice end where an undisturbed run ends. Time does not pass here: the clock jumps.
 */
import { describe, expect, test } from 'vitest';
import { Refused, Unavailable } from '../errors.ts';
import { readOrEmpty } from '../handle.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';
import { EffectsUnderWay } from '../process-engine/effects-under-way.ts';
import type { Fact, Host, Process, StepMoment, StepPoint } from '../process-engine/process.ts';
import { turn, type TurnDependencies } from '../process-engine/turn.ts';

/** A clock that is moved by whoever waits; what is elapsed never goes back. */
export class JumpingClock implements Clock {
  #elapsed = 0;
  #startedAt = Date.UTC(2030, 0, 1);
  now = (): Date => new Date(this.#startedAt + this.#elapsed);
  elapsedMs = (): number => this.#elapsed;
  /** Long waits are never over: a step that hangs is not what is tested here. */
  sleep = (_ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (signal?.aborted) resolve();
      else signal?.addEventListener('abort', () => resolve(), { once: true });
    });
  jumpTo(time: Date): void {
    this.#elapsed = Math.max(this.#elapsed, time.getTime() - this.#startedAt);
  }
  /** as an operator or NTP does: the time of day changes, and nothing has elapsed */
  set(byMs: number): void {
    this.#startedAt += byMs;
  }
}

class Crash extends Error {}

export const MOMENTS: readonly StepMoment[] = [
  'before-effect',
  'during-effect',
  'after-effect',
  'after-append',
];

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

export interface Disturbance {
  readonly observe?: (point: StepPoint) => void;
  /** wraps what a step does */
  readonly around?: (
    step: string,
    direction: 'do' | 'undo',
    effect: () => Promise<unknown>,
  ) => Promise<unknown>;
}

export interface EngineHarness {
  readonly store: EventStore;
  readonly ids: Ids;
  readonly clock: JumpingClock;
}

/** As of a process of the operating system that has just been started. */
export const freshDependencies = (
  { store, ids, clock }: EngineHarness,
  { observe = () => {} }: Disturbance = {},
): TurnDependencies => ({
  store,
  ids,
  clock,
  log: quiet,
  effects: new EffectsUnderWay(),
  bounds: {
    timeoutMs: 15_000,
    retry: { tries: 3, firstPauseMs: 10, longestPauseMs: 100 },
    deadlineMs: 1_000_000,
  },
  observe,
  around: (_tried, effect) => effect(),
  progress() {},
});

/** Takes turns until nothing is left to do, starting over after each crash as a new process would. */
export async function turnsToRest<State, Subject, Event extends Fact, Name extends string>(
  harness: EngineHarness,
  host: Host<State, Subject, Event, Name>,
  stream: string,
  disturbance: Disturbance = {},
): Promise<void> {
  const wrapped = disturbed(host, disturbance.around);
  let dependencies = freshDependencies(harness, disturbance);
  for (let turns = 0; turns < 200; turns++) {
    const result = await turn(dependencies, wrapped, stream).catch((error: unknown) => {
      if (!(error instanceof Crash)) throw error;
      dependencies = freshDependencies(harness, disturbance);
      return { kind: 'progressed' } as const;
    });
    if (result.kind === 'waiting') harness.clock.jumpTo(result.until);
    if (result.kind === 'unsettled') await result.settled;
    if (result.kind === 'idle') return;
  }
  throw new Error('the process does not come to rest');
}

/** Ends a run at one point, once. */
export function crashOnce(
  at: Pick<StepPoint, 'step' | 'direction' | 'moment'>,
): Disturbance & { crashed: () => boolean } {
  let crashed = false;
  return {
    crashed: () => crashed,
    observe(point) {
      if (crashed || point.step !== at.step || point.direction !== at.direction || point.moment !== at.moment)
        return;
      crashed = true;
      throw new Crash();
    },
  };
}

/** A step fails `times` times, before or after it had its effect. */
export function failStep(
  step: string,
  times: number,
  error: () => Error = () => new Unavailable('do it'),
): Disturbance {
  let left = times;
  return {
    async around(name, direction, effect) {
      if (name !== step || direction !== 'do' || left === 0) return effect();
      left--;
      if (left % 2 === 0) await effect();
      throw error();
    },
  };
}

const repeatEveryEffect: Disturbance = {
  async around(_step, _direction, effect) {
    await effect();
    return effect();
  },
};

/** The same host, with something around what its steps do. */
export function disturbed<State, Subject, Event extends Fact, Name extends string>(
  host: Host<State, Subject, Event, Name>,
  around: Disturbance['around'],
): Host<State, Subject, Event, Name> {
  if (!around) return host;
  const wrap = (process: Process<Subject, Event>): Process<Subject, Event> => ({
    ...process,
    steps: process.steps.map(({ undo, ...step }) => ({
      ...step,
      do: async (...given) => (await around(step.name, 'do', () => step.do(...given))) as Event,
      ...(undo && {
        undo: {
          ...undo,
          run: async (...given) => void (await around(step.name, 'undo', () => undo.run(...given))),
        },
      }),
    })),
  });
  const processes = Object.entries<Process<Subject, Event>>(host.processes);
  return {
    ...host,
    processes: Object.fromEntries(processes.map(([name, one]) => [name, wrap(one)])) as typeof host.processes,
  };
}

interface Played {
  readonly harness: EngineHarness;
  readonly stream: string;
}

export interface Scenario<P extends Played> {
  /** Gets there, starts the process, and takes it to rest. */
  play(disturbance: Disturbance): Promise<P>;
  /** how its aggregate and the world look at the end */
  look(played: P): Promise<unknown>;
  readonly ends: unknown;
  /** the last event when a step gives up */
  readonly givesUpAs: string;
}

/** @param scenarios one for each process: one that is missing does not compile */
export function everyProcess<Name extends string, Subject, Event extends Fact, P extends Played>(
  processes: Readonly<Record<Name, Process<Subject, Event>>>,
  scenarios: Readonly<Record<Name, Scenario<P>>>,
): void {
  const rows = Object.entries<Scenario<P>>(scenarios).flatMap(([name, scenario]) =>
    processes[name as Name].steps.map(({ name: step, retry }) => ({ name, scenario, step, retry })),
  );
  const play = async (scenario: Scenario<P>, disturbance: Disturbance = {}) => {
    const played = await scenario.play(disturbance);
    const history = await readOrEmpty(played.harness.store, played.stream);
    return { end: await scenario.look(played), types: history.map(({ type }) => type) };
  };

  describe('every process', () => {
    test.each(rows.flatMap((row) => MOMENTS.map((moment) => ({ ...row, moment }))))(
      'E52-57 $name crashed at $step, $moment, ends as if nothing had happened',
      async ({ scenario, step, moment }) => {
        const crash = crashOnce({ step, direction: 'do', moment });
        const { end, types } = await play(scenario, crash);
        expect(crash.crashed()).toBe(true);
        expect(end).toEqual(scenario.ends);
        // a crash in a step may cost a try that failed, never another fact
        const undisturbed = await play(scenario);
        expect(types.filter((type) => type !== 'StepFailed')).toEqual(undisturbed.types);
      },
    );

    test.each(rows)('E62 $name: $step fails twice and then succeeds', async ({ scenario, step }) => {
      const { end, types } = await play(scenario, failStep(step, 2));
      expect(end).toEqual(scenario.ends);
      expect(types.filter((type) => type === 'StepFailed')).toHaveLength(2);
    });

    test.each(rows.filter(({ retry }) => retry?.tries !== Infinity))(
      '$name says what happens when $step has no try left',
      async ({ scenario, step }) => {
        const { types } = await play(scenario, failStep(step, 99));
        expect(types.at(-1)).toBe(scenario.givesUpAs);
      },
    );

    test.each(rows)('$name says what happens when $step is refused', async ({ scenario, step }) => {
      const refused = failStep(step, 1, () => new Refused('no'));
      expect((await play(scenario, refused)).types.at(-1)).toBe(scenario.givesUpAs);
    });

    test.each(Object.entries<Scenario<P>>(scenarios))(
      '%s with every effect done twice',
      async (_name, scenario) => {
        expect((await play(scenario, repeatEveryEffect)).end).toEqual(scenario.ends);
      },
    );
  });
}
