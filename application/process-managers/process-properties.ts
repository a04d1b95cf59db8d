/**
 * Properties that every process has to have, given for free: a crash at any point, a failure of any step and
 * an effect done twice end where an undisturbed run ends. Time does not pass here: the clock jumps.
 */
import { projectDecider } from '../../domain/project/project-decider.ts';
import type { ExistingProject, ProjectCommand } from '../../domain/project/project.ts';
import { projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import { Unavailable } from '../errors.ts';
import { handle } from '../handle.ts';
import type { Clock } from '../ports/clock.ts';
import type { EventMetadata, EventStore } from '../ports/event-store.ts';
import type { Ids } from '../ports/ids.ts';
import { loadProject } from '../project/load-project.ts';
import { turn, type Process, type StepMoment, type StepPoint, type TurnDependencies } from './process.ts';
import { allProcesses } from './processes.ts';
import type { World } from '../desired/world.ts';

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

export class Crash extends Error {}

export interface ProcessHarness {
  readonly store: EventStore;
  readonly ids: Ids;
  readonly clock: JumpingClock;
  readonly world: World;
}

export const MOMENTS: readonly StepMoment[] = [
  'before-effect',
  'during-effect',
  'after-effect',
  'after-append',
];

export const METADATA: EventMetadata = {
  correlationId: 'test',
  causationId: null,
  actor: { kind: 'owner', id: 'own_test' },
  reason: 'test',
};

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

export async function command(harness: ProcessHarness, id: ProjectId, asked: ProjectCommand): Promise<void> {
  await handle(harness, projectDecider, projectStream(id), asked, METADATA);
}

export const turnDependencies = (harness: ProcessHarness, disturbance: Disturbance): TurnDependencies => ({
  ...harness,
  log: quiet,
  retries: { tries: 3, firstPauseMs: 10, longestPauseMs: 100, deadlineMs: 1_000_000 },
  processes: disturbed(allProcesses(harness.world), disturbance.around),
  observe: disturbance.observe ?? (() => {}),
  around: (_tried, effect) => effect(),
});

/** Takes turns until nothing is left to do, starting over after each crash as a new process would. */
export async function runToRest(
  harness: ProcessHarness,
  id: ProjectId,
  disturbance: Disturbance = {},
): Promise<ExistingProject> {
  const dependencies = turnDependencies(harness, disturbance);
  for (let turns = 0; turns < 200; turns++) {
    const result = await turn(dependencies, id).catch((error: unknown) => {
      if (error instanceof Crash) return { kind: 'progressed' } as const;
      throw error;
    });
    if (result.kind === 'waiting') harness.clock.jumpTo(result.until);
    if (result.kind === 'idle') return stateOf(harness, id);
  }
  throw new Error('the process does not come to rest');
}

export async function stateOf(harness: ProcessHarness, id: ProjectId): Promise<ExistingProject> {
  const loaded = await loadProject(harness.store, id);
  if (!loaded) throw new Error('no such project');
  return loaded.project;
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

export const repeatEveryEffect: Disturbance = {
  async around(_step, _direction, effect) {
    await effect();
    return effect();
  },
};

type Processes = Readonly<Record<Process['name'], Process>>;

function disturbed(processes: Processes, around: Disturbance['around']): Processes {
  if (!around) return processes;
  const wrap = (process: Process): Process => ({
    ...process,
    steps: process.steps.map((step) => ({
      ...step,
      do: async (project) =>
        (await around(step.name, 'do', () => step.do(project))) as Awaited<ReturnType<typeof step.do>>,
      undo: step.undo && {
        records: step.undo.records,
        run: async (project) => void (await around(step.name, 'undo', async () => step.undo?.run(project))),
      },
    })),
  });
  return Object.fromEntries(
    Object.entries(processes).map(([name, process]) => [name, wrap(process)]),
  ) as Processes;
}
