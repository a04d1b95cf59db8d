import { expect, test } from 'vitest';
import type { ProcessTable } from '../../api/api.ts';
import type { ProjectEvent } from '../../api/project-events.ts';
import { foldSteps, type Run } from './fold-steps.ts';

const row = (step: string, records: string, undoneBy: string | null = null) => ({
  step,
  text: step,
  records,
  undone_by: undoneBy,
});
const TABLES: readonly ProcessTable[] = [
  {
    process: 'provision',
    steps: [
      row('create', 'DatabaseCreated', 'DatabaseDropped'),
      row('migrate', 'SchemaMigrated'),
      row('pool', 'PoolRegistered', 'PoolUnregistered'),
      row('verify', 'ProjectActivated'),
    ],
  },
  { process: 'pause', steps: [row('unpool', 'PoolUnregistered'), row('conclude', 'ProjectPaused')] },
  { process: 'sleep', steps: [row('retire', 'PostgrestRemoved'), row('conclude-sleep', 'ProjectSlept')] },
];

type Under = { readonly process: string; readonly undoing?: string } | null;
const LATER = '2026-01-01T01:00:00.000Z';
const time = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second)).toISOString();

/** An event each second. */
function history(...told: readonly (readonly [string, Under, Record<string, unknown>?])[]): ProjectEvent[] {
  let began = 0;
  return told.map(([type, under, data = {}], revision) => {
    if (type.endsWith('Requested') && type !== 'StepRetryRequested') began = revision;
    const process = under && { process: under.process, began, undoing: under.undoing ?? null };
    return {
      type,
      revision,
      recorded_at: time(revision),
      correlation_id: 'c',
      status: 'active',
      process,
      data,
    };
  });
}
const fold = (events: readonly ProjectEvent[]): Run | undefined =>
  events.reduce<Run | undefined>((run, event) => foldSteps(TABLES, run, event), undefined);
const states = (run: Run | undefined) => run?.steps.map(({ state }) => state);

const provision: Under = { process: 'provision' };
const undoing: Under = { process: 'provision', undoing: 'pool' };
const failure = (step: string, attempt: number, retryAt: string | null, direction = 'do') => ({
  step,
  attempt,
  direction,
  reason: `could not ${step}`,
  retryAt,
});
const MADE = [
  ['ProjectRequested', provision],
  ['DatabaseCreated', provision],
  ['SchemaMigrated', provision],
] as const;
const ACTIVE = [...MADE, ['PoolRegistered', provision], ['ProjectActivated', null]] as const;

test('a step under way runs, those after it wait, and each has its time', () => {
  const run = fold(history(...MADE));
  expect(run).toMatchObject({ process: 'provision', state: 'running', endedAt: null });
  expect(states(run)).toEqual(['done', 'done', 'running', 'pending']);
  expect(run?.steps[1]).toMatchObject({ startedAt: time(1), endedAt: time(2), attempts: 1 });
  const over = fold(history(...ACTIVE));
  expect(over).toMatchObject({ state: 'done', startedAt: time(0), endedAt: time(4) });
  expect(new Set(states(over))).toEqual(new Set(['done']));
});

test('a try that failed is told with its error and its next try, until the step is done', () => {
  const waiting = fold(history(...MADE, ['StepFailed', provision, failure('pool', 2, LATER)]));
  expect(waiting?.steps[2]).toMatchObject({
    state: 'retrying',
    attempts: 2,
    error: 'could not pool',
    retryAt: LATER,
  });
  const went = fold(
    history(...MADE, ['StepFailed', provision, failure('pool', 2, LATER)], ['PoolRegistered', provision]),
  );
  expect(went?.steps[2]).toMatchObject({ state: 'done', retryAt: null });
});

test('what gives up is undone upward, and what had nothing to take back goes with it', () => {
  const gaveUp = [...MADE, ['StepFailed', undoing, failure('pool', 12, null)]] as const;
  const run = fold(history(...gaveUp));
  expect(run).toMatchObject({ state: 'undoing', failedStep: 'pool', endedAt: null });
  expect(states(run)).toEqual(['done', 'done', 'failed', 'pending']);
  const half = [...gaveUp, ['PoolUnregistered', undoing]] as const;
  expect(states(fold(history(...half)))).toEqual(['undoing', 'done', 'failed', 'pending']);
  const over = fold(history(...half, ['DatabaseDropped', undoing], ['ProvisioningFailed', null]));
  expect(over).toMatchObject({ state: 'failed' });
  expect(states(over)).toEqual(['undone', 'undone', 'failed', 'pending']);
});

test('an undo that fails waits for an operator, who has it tried again', () => {
  const stuck = [
    ...MADE,
    ['StepFailed', undoing, failure('pool', 12, null)],
    ['StepFailed', undoing, failure('create', 12, null, 'undo')],
    ['ProjectSuspended', undoing],
  ] as const;
  expect(fold(history(...stuck))).toMatchObject({ state: 'suspended' });
  expect(states(fold(history(...stuck)))).toEqual(['failed', 'done', 'failed', 'pending']);
  const again = fold(history(...stuck, ['StepRetryRequested', undoing]));
  expect(again).toMatchObject({ state: 'undoing' });
  expect(states(again)).toEqual(['undoing', 'done', 'failed', 'pending']);
});

test('a suspended step runs again when somebody asks for it', () => {
  const pause: Under = { process: 'pause' };
  const stuck = [
    ...ACTIVE,
    ['ProjectPauseRequested', pause],
    ['StepFailed', pause, failure('unpool', 12, null)],
    ['ProjectSuspended', pause],
  ] as const;
  expect(fold(history(...stuck))).toMatchObject({ process: 'pause', state: 'suspended' });
  const again = fold(history(...stuck, ['StepRetryRequested', pause]));
  expect([again?.state, states(again)]).toEqual(['running', ['running', 'pending']]);
});

test('an owner who does not want to wait has the next try now, and one more of what had given up', () => {
  const pause: Under = { process: 'pause' };
  const failing = [
    ...ACTIVE,
    ['ProjectPauseRequested', pause],
    ['StepFailed', pause, failure('unpool', 3, LATER)],
  ] as const;
  const now = fold(history(...failing, ['StepRetryRequested', pause, { once: true }]));
  expect(now?.steps[0]).toMatchObject({ state: 'retrying', attempts: 3, retryAt: time(failing.length) });
  const stuck = [
    ...failing,
    ['StepFailed', pause, failure('unpool', 12, null)],
    ['ProjectSuspended', pause],
  ] as const;
  const again = fold(history(...stuck, ['StepRetryRequested', pause, { once: true }]));
  expect(again).toMatchObject({ state: 'running' });
  expect(again?.steps[0]).toMatchObject({ state: 'running', attempts: 13 });
});

test('the latest process is the one that is told, also when it goes before another', () => {
  const run = fold(history(...MADE, ['ProjectPauseRequested', { process: 'pause' }]));
  expect(run).toMatchObject({ process: 'pause', began: 3, startedAt: time(3) });
  const sleep: Under = { process: 'sleep' };
  const awake = fold(history(...ACTIVE, ['ProjectSleepRequested', sleep], ['ProjectKeptAwake', null]));
  expect([awake?.state, states(awake)]).toEqual(['stopped', ['pending', 'pending']]);
});

test('events that come twice, and those of no process, change nothing', () => {
  const events = history(...ACTIVE, ['ProjectRenamed', null]);
  const run = fold(events);
  expect(events.reduce<Run | undefined>((one, event) => foldSteps(TABLES, one, event), run)).toEqual(
    fold(events),
  );
  expect(fold(history(['ProjectRenamed', null]))).toBeUndefined();
});
