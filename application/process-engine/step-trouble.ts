/** What a try that failed means, and how a process ends that has undone what it did. */
import type { StepTroubleEvent } from '../../domain/process/process-events.ts';
import type { ProcessRun } from '../../domain/process/process-run.ts';
import { pauseAfter } from '../background/back-off.ts';
import { reasonOf, Unavailable } from '../errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ids } from '../ports/ids.ts';
import type { Look, Task } from './next-tasks.ts';
import type { Fact, Host, Process } from './process.ts';

/** a pause is half as long to half as long again */
const MOST_JITTER = 1.5;

export const attemptOf = ({ trouble }: ProcessRun, step: string): number =>
  (trouble?.step === step ? trouble.attempt : 0) + 1;

/** No pause is as long as what the clock was set back by: then the time has come. */
export function isAhead<Event extends Fact>(until: Date, now: Date, tasks: readonly Task<Event>[]): boolean {
  const longestMs = Math.max(...tasks.map(({ bounds }) => bounds.retry.longestPauseMs));
  return until > now && until.getTime() - now.getTime() <= longestMs * MOST_JITTER;
}

/** What a failed try means: another one later, undo from here, the process's own way out, or an operator who looks. */
export function failure<State, Subject, Event extends Fact, Name extends string>(
  { clock, ids }: { readonly clock: Clock; readonly ids: Ids },
  { aggregate }: Host<State, Subject, Event, Name>,
  { process: { givesUp }, subject, run }: Look<Subject, Event>,
  { step, direction, bounds: { retry, deadlineMs } }: Task<Event>,
  error: unknown,
): readonly Fact[] {
  const now = clock.now().getTime();
  const attempt = attemptOf(run, step);
  const exhausted = attempt >= retry.tries || now - run.stepSince.getTime() >= deadlineMs;
  const final = exhausted || !(error instanceof Unavailable);
  const pauses = { firstMs: retry.firstPauseMs, longestMs: retry.longestPauseMs };
  const pauseMs = pauseAfter(attempt, pauses) * (MOST_JITTER - ids.random());
  const retryAt = final ? null : new Date(now + pauseMs).toISOString();
  const reason = reasonOf(error);
  const failed: StepTroubleEvent = {
    type: 'StepFailed',
    data: { step, direction, attempt, reason, retryAt },
  };
  if (!final) return [failed];
  if (direction === 'undo' || givesUp.kind === 'suspend')
    return [failed, aggregate.suspended(subject, { step, reason })];
  // the fold turns it around, and its outcome comes when everything is undone
  return givesUp.kind === 'undo' ? [failed] : [failed, givesUp.outcome(subject, { step, reason })];
}

/** When everything is undone. */
export function outcomeOfUndo<Subject, Event extends Fact>(
  { name, givesUp }: Process<Subject, Event>,
  subject: Subject,
  { undoing }: ProcessRun,
): Event {
  if (givesUp.kind === 'suspend') throw new Error(`${name} says nothing of what follows when it is undone`);
  return givesUp.outcome(subject, undoing ?? { step: 'unknown', reason: 'unknown' });
}
