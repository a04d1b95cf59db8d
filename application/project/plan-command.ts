/**
 * The plan of a command: what would happen now, before it happens. The command itself is run, on a log that keeps nothing
 * (`rehearsal.ts`), so the two cannot disagree; the steps are those of the process's own table.
 */
import { fold, type Recorded } from '../../domain/decider.ts';
import { projectLimit, type Capacity } from '../../domain/platform/capacity.ts';
import type { ProcessName, ProjectEvent } from '../../domain/project/events.ts';
import { evolveProject as evolve } from '../../domain/project/evolve-project.ts';
import { projectDecider } from '../../domain/project/project-decider.ts';
import { traitsOf } from '../../domain/project/project-status.ts';
import { isSpare } from '../../domain/project/spare.ts';
import type { ExistingProject, Project } from '../../domain/project/project.ts';
import type { ServerName } from '../../domain/project/server-name.ts';
import { Rejection } from '../../domain/rejection.ts';
import type { Clock } from '../ports/clock.ts';
import type { CommandLog } from '../ports/event-store.ts';
import type { Admissions } from './admissions.ts';
import { changesInWords, CLAIM, consequencesOf, type Changes, type Consequences } from './plan-in-words.ts';
import { Rehearsal, type Rehearsed } from './rehearsal.ts';

/** How long something usually took here. */
export interface Usual {
  /** the median */
  readonly ms: number;
  readonly samples: number;
}

export interface UsualTimes {
  /** of a whole run, from its request to its last event; undefined: there was none yet */
  readonly whole: Usual | undefined;
  /** by the names of the steps */
  readonly steps: ReadonlyMap<string, Usual>;
}

/** A row of a process's table, as far as a plan tells it. */
interface StepInWords {
  readonly name: string;
  readonly text: string;
  readonly records: ProjectEvent['type'];
}

export interface PlanDependencies {
  readonly store: Pick<CommandLog, 'readStream'>;
  readonly clock: Clock;
  readonly admissions: Pick<Admissions, 'look'>;
  readonly capacity: (server: ServerName, places: number) => Promise<Capacity>;
  readonly processes: Readonly<Record<ProcessName, { readonly steps: readonly StepInWords[] }>>;
  /** of the latest runs that came to a good end, by a read model */
  readonly usual: (process: ProcessName) => Promise<UsualTimes>;
}

export interface PlannedStep {
  readonly step: string;
  readonly text: string;
  readonly usual: Usual | undefined;
}

export interface CommandPlan extends Changes, Consequences {
  /** why the command would be refused now; undefined: it would be accepted */
  readonly refusal: Rejection | undefined;
  /** undefined: it would begin none, since it is refused, there is nothing to do, or what it takes stands ready */
  readonly process: ProcessName | undefined;
  readonly steps: readonly PlannedStep[];
  readonly usual: Usual | undefined;
  /** of the server that the project is on; undefined: nothing would be done */
  readonly connections:
    { readonly change: number; readonly used: number; readonly limit: number } | undefined;
}

/** What a command works with while it is only tried. */
export interface Trial {
  readonly store: CommandLog;
  readonly admissions: Pick<Admissions, 'admit'>;
}

const NOTHING: CommandPlan = {
  refusal: undefined,
  process: undefined,
  steps: [],
  usual: undefined,
  connections: undefined,
  takes: [],
  frees: [],
  effects: [],
  cannotBeUndone: [],
};

/**
 * Records nothing, reserves nothing and waits for nobody's turn.
 * @param command runs the command with what it is given
 * @throws {Rejection} project/not-found: there is nothing to plan for; any other refusal is part of the plan
 * @throws {Unavailable} what cannot be looked at now
 */
export async function planCommand(
  dependencies: PlanDependencies,
  command: (on: Trial) => Promise<unknown>,
): Promise<CommandPlan> {
  const rehearsal = new Rehearsal(dependencies.store, dependencies.clock);
  const { admissions } = dependencies;
  try {
    const admit: Admissions['admit'] = (needs, work) => admissions.look(needs, work);
    await command({ store: rehearsal, admissions: { admit } });
  } catch (error) {
    if (!(error instanceof Rejection) || error.code === 'project/not-found') throw error;
    return { ...NOTHING, refusal: error };
  }
  const rehearsed = await rehearsal.outcome();
  return rehearsed ? planOf(dependencies, rehearsed) : NOTHING;
}

async function planOf(dependencies: PlanDependencies, { history, events }: Rehearsed): Promise<CommandPlan> {
  const before = fold(projectDecider, history);
  const begun = events.reduce<Project>(evolve, before);
  if (begun.kind !== 'project') return NOTHING;
  if (before.kind === 'project' && isSpare(before) && !isSpare(begun))
    return planOfClaim(dependencies, before, begun);
  if (!begun.run || begun.run.number <= (history.at(-1)?.revision ?? -1)) return NOTHING;
  const { process } = begun.run;
  const { steps } = dependencies.processes[process];
  const done = steps.map(({ records }) => records);
  const after = atTheEnd(begun, done);
  const [usual, capacity] = await Promise.all([
    dependencies.usual(process),
    dependencies.capacity(begun.server, 0),
  ]);
  return {
    refusal: undefined,
    process,
    steps: steps.map(({ name, text }) => ({ step: name, text, usual: usual.steps.get(name) })),
    usual: usual.whole,
    connections: connectionsOf(capacity, before, after),
    ...changesInWords(before, after, done),
    ...consequencesOf(process, begun),
  };
}

/** Everything stands already, and the place is taken. */
async function planOfClaim(
  { capacity }: PlanDependencies,
  spare: ExistingProject,
  claimed: ExistingProject,
): Promise<CommandPlan> {
  return {
    ...NOTHING,
    connections: connectionsOf(await capacity(spare.server, 0), spare, claimed),
    takes: changesInWords({ kind: 'none' }, claimed, []).takes,
    ...CLAIM,
  };
}

/** As its process leaves it when every step succeeds: nothing that is looked at here stands in the events' data. */
function atTheEnd(begun: ExistingProject, done: readonly ProjectEvent['type'][]): ExistingProject {
  const { revision, updatedAt: recordedAt } = begun;
  const events = done.map((type) => ({ type, data: {}, revision, recordedAt }) as Recorded<ProjectEvent>);
  const after = events.reduce<Project>(evolve, begun);
  return after.kind === 'project' ? after : begun;
}

function connectionsOf(capacity: Capacity, before: Project, after: Project): CommandPlan['connections'] {
  const { perProject, used } = capacity;
  return {
    change: (placesOf(after) - placesOf(before)) * perProject,
    used: used * perProject,
    limit: projectLimit(capacity) * perProject,
  };
}

const placesOf = (state: Project): number =>
  state.kind === 'project' && traitsOf(state.status).takesPlace ? 1 : 0;
