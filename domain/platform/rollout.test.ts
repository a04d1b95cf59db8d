import { expect, test } from 'vitest';
import { fold } from '../decider.ts';
import { projectId } from '../project/project-id.ts';
import { Rejection } from '../rejection.ts';
import { rolloutDecider, type RolloutCommand, type RolloutEvent } from './rollout.ts';

const [canary, other] = [projectId('proj_00000000000000aa'), projectId('proj_00000000000000bb')];
const start = (version: number): RolloutCommand => ({
  kind: 'StartRollout',
  version,
  canary,
  others: [other],
});
const started = (version: number): RolloutEvent => ({
  type: 'RolloutStarted',
  data: { version, canary, others: [other] },
});
const stopped: RolloutEvent = { type: 'RolloutStopped', data: { projectId: canary, reason: 'no' } };
const completed: RolloutEvent = { type: 'RolloutCompleted', data: {} };

const cancelled: RolloutEvent = { type: 'RolloutCancelled', data: {} };

const given = (events: readonly RolloutEvent[]) =>
  fold(
    rolloutDecider,
    events.map((event, revision) => ({ ...event, revision, recordedAt: new Date(0) })),
  );
const when = (events: readonly RolloutEvent[], command: RolloutCommand) =>
  rolloutDecider.decide(command, given(events));

test.each([
  ['the first one starts', [], start(6), [started(6)]],
  ['asked for twice it is one', [started(6)], start(6), []],
  ['after a failure it starts anew', [started(6), stopped], start(6), [started(6)]],
  ['after its end the next one starts', [started(6), completed], start(7), [started(7)]],
  ['one that is stopped by an operator ends', [started(6)], { kind: 'CancelRollout' }, [cancelled]],
  ['after that it starts anew', [started(6), cancelled], start(6), [started(6)]],
] as const)('%s', (_title, events, command, expected) => {
  expect(when(events, command as RolloutCommand)).toEqual(expected);
});

test.each([[[]], [[started(6), completed]], [[started(6), stopped]], [[started(6), cancelled]]])(
  'what is over cannot be stopped (%#)',
  (events) => {
    expect(() => when(events, { kind: 'CancelRollout' })).toThrow(
      expect.objectContaining({ code: 'platform/no-rollout' }),
    );
  },
);

test('a try that failed ends nothing, and neither does whoever wants another one', () => {
  const data = {
    step: 'bring-to-version',
    direction: 'do',
    attempt: 1,
    reason: 'no',
    retryAt: null,
  } as const;
  const tried: readonly RolloutEvent[] = [started(6), { type: 'StepFailed', data }];
  expect(given(tried)).toMatchObject({ kind: 'running', run: { trouble: { attempt: 1 } } });
  const again = given([...tried, { type: 'StepRetryRequested', data: {} }]);
  expect(again).toMatchObject({ kind: 'running', run: { number: 0, trouble: null } });
});

test('to another version only when the one under way has ended', () => {
  const attempt = () => when([started(6)], start(7));
  expect(attempt).toThrow(Rejection);
  expect(attempt).toThrow('The projects are being brought to version 6; wait until that has ended.');
});

test('how it ended is remembered, with its reason', () => {
  expect(given([started(6), stopped])).toMatchObject({ kind: 'stopped', version: 6, failure: stopped.data });
  expect(given([started(6), completed])).toMatchObject({ kind: 'completed', failure: null, run: null });
  expect(given([started(6), stopped, started(6)])).toMatchObject({
    kind: 'running',
    number: 2,
    failure: null,
  });
});
