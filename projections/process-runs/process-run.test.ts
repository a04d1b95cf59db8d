import { expect, test } from 'vitest';
import type { ProjectEvent } from '../../domain/project/events.ts';
import { projectId } from '../../domain/project/project-id.ts';
import type { StoredEvent } from '../../application/ports/event-store.ts';
import { evolveRuns, type ProcessTable, type RunRow, type StepRow } from './process-run.ts';

const id = projectId('proj_0123456789abcdef');

const PROCESSES: ProcessTable = {
  provision: [
    { step: 'create-database', records: 'DatabaseCreated', undoes: 'DatabaseDropped' },
    { step: 'create-database-users', records: 'DatabaseUsersCreated', undoes: 'DatabaseUsersRemoved' },
    { step: 'migrate-schema', records: 'SchemaMigrated', undoes: null },
    { step: 'register-pool', records: 'PoolRegistered', undoes: 'PoolUnregistered' },
    { step: 'spawn-postgrest', records: 'PostgrestSpawned', undoes: 'PostgrestRemoved' },
    { step: 'verify-data-api', records: 'ProjectActivated', undoes: null },
  ],
  pause: [
    { step: 'remove-postgrest', records: 'PostgrestRemoved', undoes: null },
    { step: 'conclude-pause', records: 'ProjectPaused', undoes: null },
  ],
  resume: [
    { step: 'open-database', records: 'DatabaseOpened', undoes: null },
    { step: 'create-database-users', records: 'DatabaseUsersCreated', undoes: 'DatabaseUsersRemoved' },
    { step: 'register-pool', beside: true, records: 'PoolRegistered', undoes: 'PoolUnregistered' },
    { step: 'verify-data-api', records: 'ProjectResumed', undoes: null },
  ],
  sleep: [
    { step: 'retire-postgrest', records: 'PostgrestRemoved', undoes: null },
    { step: 'conclude-sleep', records: 'ProjectSlept', undoes: null },
  ],
  wake: [],
  delete: [],
  undelete: [],
  purge: [
    { step: 'remove-postgrest', records: 'PostgrestRemoved', undoes: null },
    { step: 'conclude-purge', records: 'ProjectPurged', undoes: null },
  ],
  'apply-settings': [{ step: 'reload-postgrest', records: 'PostgrestReloaded', undoes: null }],
  'change-password': [],
  'apply-limits': [],
  upgrade: [
    { step: 'create-database-users', records: 'DatabaseUsersCreated', undoes: 'DatabaseUsersRemoved' },
    { step: 'migrate-schema', records: 'SchemaMigrated', undoes: null },
    { step: 'conclude-upgrade', records: 'ProjectUpgraded', undoes: null },
  ],
  'prepare-spare': [
    { step: 'create-database', records: 'DatabaseCreated', undoes: 'DatabaseDropped' },
    { step: 'verify-data-api', records: 'SparePrepared', undoes: null },
  ],
  'give-up-spare': [],
};

const REQUESTED: ProjectEvent = {
  type: 'ProjectRequested',
  data: {
    projectId: id,
    ownerId: 'own_1',
    name: 'shop',
    displayName: 'Shop',
    templateVersion: 2,
    server: 'main',
    secrets: { keyVersion: 1, ciphertext: 'sealed' },
    dataApi: { maxRows: 10, schemas: ['public'] },
  },
};
const fact = (type: ProjectEvent['type']): ProjectEvent => ({ type, data: {} }) as ProjectEvent;
const failed = (
  step: string,
  attempt: number,
  retryAt: string | null,
  direction: 'do' | 'undo' = 'do',
): ProjectEvent => ({
  type: 'StepFailed',
  data: { step, direction, attempt, reason: `could not ${step}`, retryAt },
});
const suspended = (step: string): ProjectEvent => ({ type: 'ProjectSuspended', data: { step, reason: 'r' } });
const BUILT = [
  'DatabaseCreated',
  'DatabaseUsersCreated',
  'SchemaMigrated',
  'PoolRegistered',
  'PostgrestSpawned',
] as const;
const ACTIVE = [REQUESTED, ...BUILT.map(fact), fact('ProjectActivated')];
const asleep: ProjectEvent = {
  type: 'ProjectSleepRequested',
  data: { idleSince: '2026-01-01T00:00:00.000Z' },
};
const LATER = '2026-01-01T01:00:00.000Z';

/** An event each second, each run kept as the database keeps it. */
function runsOf(events: readonly ProjectEvent[]): RunRow[] {
  const runs: RunRow[] = [];
  for (const [index, event] of events.entries()) {
    const stored: StoredEvent = {
      ...event,
      id: '00000000-0000-4000-8000-000000000000',
      stream: `project-${id}`,
      metadata: {
        correlationId: 'c',
        causationId: null,
        actor: { kind: 'system', id: 'test' },
        reason: 'test',
      },
      revision: index,
      position: BigInt(index + 1),
      schemaVersion: 1,
      recordedAt: time(index),
      hash: '',
    };
    for (const row of evolveRuns(PROCESSES, runs.at(-1), stored)) runs[row.run - 1] = structuredClone(row);
  }
  return runs;
}

const time = (second: number): Date => new Date(Date.UTC(2026, 0, 1, 0, 0, second));
const states = (run: RunRow | undefined) => run?.steps.map(({ state }) => state);
const step = (run: RunRow | undefined, name: string): StepRow | undefined =>
  run?.steps.find((candidate) => candidate.step === name);

test('a step under way is running, what comes after it is pending', () => {
  const [run] = runsOf([REQUESTED, fact('DatabaseCreated')]);
  expect(run).toMatchObject({ run: 1, process: 'provision', state: 'running', open: true, ended_at: null });
  expect(states(run)).toEqual(['done', 'running', 'pending', 'pending', 'pending', 'pending']);
  expect(run?.steps[0]).toEqual({
    step: 'create-database',
    state: 'done',
    attempts: 1,
    lastError: null,
    nextAttemptAt: null,
    startedAt: time(0).toISOString(),
    endedAt: time(1).toISOString(),
  });
  expect(run?.steps[1]).toMatchObject({ attempts: 1, startedAt: time(1).toISOString(), endedAt: null });
});

test('the last event ends the run', () => {
  const [run] = runsOf(ACTIVE);
  expect(run).toMatchObject({ state: 'done', open: false, started_at: time(0), ended_at: time(6) });
  expect(new Set(states(run))).toEqual(new Set(['done']));
});

test('a failed try is retried: attempts, last error and next attempt', () => {
  const events = [REQUESTED, failed('create-database', 1, LATER), failed('create-database', 2, LATER)];
  const [waiting] = runsOf(events);
  expect(waiting).toMatchObject({ state: 'running', open: true });
  expect(waiting?.steps[0]).toMatchObject({
    state: 'retrying',
    attempts: 2,
    lastError: 'could not create-database',
    nextAttemptAt: LATER,
    startedAt: time(0).toISOString(),
    endedAt: null,
  });
  const [done] = runsOf([...events, fact('DatabaseCreated')]);
  expect(done?.steps[0]).toMatchObject({ state: 'done', attempts: 3, nextAttemptAt: null });
});

test('a provision that gives up is undone upward and ends failed', () => {
  const givesUp = [REQUESTED, ...BUILT.slice(0, 4).map(fact), failed('spawn-postgrest', 8, null)];
  const [undoing] = runsOf(givesUp);
  expect(undoing).toMatchObject({ state: 'undoing', open: true, failed_step: 'spawn-postgrest' });
  expect(states(undoing)).toEqual(['done', 'done', 'done', 'done', 'failed', 'pending']);
  const half = [...givesUp, fact('PostgrestRemoved'), fact('PoolUnregistered')];
  expect(states(runsOf(half)[0])).toEqual(['done', 'done', 'done', 'undone', 'failed', 'pending']);
  const [over] = runsOf([
    ...half,
    fact('DatabaseUsersRemoved'),
    fact('DatabaseDropped'),
    { type: 'ProvisioningFailed', data: { step: 'spawn-postgrest', reason: 'r' } },
  ]);
  expect(over).toMatchObject({ state: 'failed', open: false, ended_at: time(10) });
  expect(states(over)).toEqual(['undone', 'undone', 'undone', 'undone', 'failed', 'pending']);
  expect(step(over, 'spawn-postgrest')).toMatchObject({
    attempts: 8,
    lastError: 'could not spawn-postgrest',
  });
});

test('an undo that fails is retried, then suspended, then taken up again by an operator', () => {
  const failing = [
    REQUESTED,
    fact('DatabaseCreated'),
    failed('create-database-users', 8, null),
    fact('DatabaseUsersRemoved'),
    failed('create-database', 1, LATER, 'undo'),
  ];
  const [retrying] = runsOf(failing);
  expect(retrying).toMatchObject({ state: 'undoing', open: true });
  expect(step(retrying, 'create-database')).toMatchObject({
    state: 'retrying',
    attempts: 1,
    nextAttemptAt: LATER,
  });
  const stuck = [...failing, failed('create-database', 2, null, 'undo'), suspended('create-database')];
  const [waiting] = runsOf(stuck);
  expect(waiting).toMatchObject({ state: 'suspended', open: false, ended_at: null });
  expect(states(waiting)?.slice(0, 2)).toEqual(['failed', 'failed']);
  const [again] = runsOf([...stuck, fact('StepRetryRequested')]);
  expect(again).toMatchObject({ state: 'undoing', open: true });
  expect(states(again)?.slice(0, 2)).toEqual(['running', 'failed']);
  const [undone] = runsOf([...stuck, fact('StepRetryRequested'), fact('DatabaseDropped')]);
  expect(states(undone)?.slice(0, 2)).toEqual(['undone', 'failed']);
});

test('the failed step is undone first; when that is what fails, the retry is of it', () => {
  const stuck = [
    REQUESTED,
    failed('create-database', 8, null),
    failed('create-database', 8, null, 'undo'),
    suspended('create-database'),
    fact('StepRetryRequested'),
  ];
  expect(states(runsOf(stuck)[0])?.[0]).toBe('running');
  expect(states(runsOf([...stuck, fact('DatabaseDropped')])[0])?.[0]).toBe('failed');
});

test('a suspended project is not open, and open again after a retry was requested', () => {
  const stuck = [
    ...ACTIVE,
    fact('ProjectPauseRequested'),
    failed('remove-postgrest', 8, null),
    suspended('remove-postgrest'),
  ];
  const waiting = runsOf(stuck)[1];
  expect(waiting).toMatchObject({ run: 2, process: 'pause', state: 'suspended', open: false });
  expect(states(waiting)).toEqual(['failed', 'pending']);
  const again = runsOf([...stuck, fact('StepRetryRequested')])[1];
  expect(again).toMatchObject({ state: 'running', open: true });
  expect(states(again)).toEqual(['running', 'pending']);
  const done = runsOf([
    ...stuck,
    fact('StepRetryRequested'),
    fact('PostgrestRemoved'),
    fact('ProjectPaused'),
  ])[1];
  expect(done).toMatchObject({ state: 'done', open: false });
});

test('an owner has the next try now, and one more of what had given up: the count goes on', () => {
  const failing = [...ACTIVE, fact('ProjectPauseRequested'), failed('remove-postgrest', 3, LATER)];
  const once: ProjectEvent = { type: 'StepRetryRequested', data: { once: true } };
  const hastened = step(runsOf([...failing, once])[1], 'remove-postgrest');
  expect(hastened).toMatchObject({ state: 'retrying', attempts: 3 });
  expect(Date.parse(hastened?.nextAttemptAt ?? '')).toBeLessThan(Date.parse(LATER));
  const stuck = [...failing, failed('remove-postgrest', 12, null), suspended('remove-postgrest')];
  const again = runsOf([...stuck, once])[1];
  expect(again).toMatchObject({ state: 'running', open: true });
  expect(step(again, 'remove-postgrest')).toMatchObject({ state: 'running', attempts: 13, endedAt: null });
});

test('a process that takes over supersedes the one under way, also a suspended one', () => {
  const purge = fact('ProjectPurgeRequested');
  const [provision, purging] = runsOf([REQUESTED, fact('DatabaseCreated'), purge]);
  expect(provision).toMatchObject({ state: 'superseded', open: false, ended_at: time(2) });
  expect(states(provision)?.slice(0, 2)).toEqual(['done', 'pending']);
  expect(purging).toMatchObject({ run: 2, process: 'purge', state: 'running', open: true });
  const [stuck, second] = runsOf([REQUESTED, suspended('create-database'), purge, fact('PostgrestRemoved')]);
  expect(stuck).toMatchObject({ state: 'superseded', open: false });
  expect(states(second)).toEqual(['done', 'running']);
});

test('new settings are a run for an active project and none for a paused one', () => {
  const settings: ProjectEvent = {
    type: 'DataApiSettingsChanged',
    data: { dataApi: { maxRows: 1, schemas: [] } },
  };
  const active = runsOf([...ACTIVE, settings, fact('PostgrestReloaded')]);
  expect(active).toHaveLength(2);
  expect(active[1]).toMatchObject({ process: 'apply-settings', state: 'done', open: false });
  const paused = [...ACTIVE, fact('ProjectPauseRequested'), fact('PostgrestRemoved'), fact('ProjectPaused')];
  expect(runsOf([...paused, settings])).toHaveLength(2);
});

test('events between runs, of unknown steps or before the birth change nothing', () => {
  const renamed: ProjectEvent = { type: 'ProjectRenamed', data: { displayName: 'x' } };
  expect(runsOf([renamed])).toEqual([]);
  expect(runsOf([...ACTIVE, renamed])).toEqual(runsOf(ACTIVE));
  const [run] = runsOf([REQUESTED, failed('no-such-step', 1, LATER)]);
  expect(states(run)?.[0]).toBe('running');
});

test('a project that was to fall asleep and stays awake: nothing was done, and nothing is under way', () => {
  const run = runsOf([...ACTIVE, asleep, fact('ProjectKeptAwake')]).at(-1);
  expect(run).toMatchObject({ process: 'sleep', state: 'superseded', open: false, status: 'active' });
  expect(run?.steps.map(({ state }) => state)).toEqual(['pending', 'pending']);
});

test('an upgrade that fails is a failed run, with the file in its step; the next one is a run of its own', () => {
  const asked: ProjectEvent = { type: 'ProjectUpgradeRequested', data: { version: 3 } };
  const users: ProjectEvent = { type: 'DatabaseUsersCreated', data: { roles: [] } };
  const givenUp: ProjectEvent = {
    type: 'ProjectUpgradeFailed',
    data: { version: 3, step: 'migrate-schema', reason: 'r' },
  };
  const runs = runsOf([...ACTIVE, asked, users, failed('migrate-schema', 1, null), givenUp, asked]);
  expect(runs[1]).toMatchObject({ process: 'upgrade', state: 'failed', open: false, status: 'active' });
  expect(states(runs[1])).toEqual(['done', 'failed', 'pending']);
  expect(step(runs[1], 'migrate-schema')?.lastError).toBe('could not migrate-schema');
  expect(runs[2]).toMatchObject({ process: 'upgrade', state: 'running', open: true });
  const migrated: ProjectEvent = { type: 'SchemaMigrated', data: { version: 3 } };
  const done: ProjectEvent = { type: 'ProjectUpgraded', data: { from: 2, to: 3 } };
  const last = runsOf([...ACTIVE, asked, users, migrated, done]).at(-1);
  expect(last).toMatchObject({ state: 'done', open: false });
  expect(states(last)).toEqual(['done', 'done', 'done']);
});

test('steps beside one another run from the same moment on, and what follows waits for all of them', () => {
  const paused = [...ACTIVE, fact('ProjectPauseRequested'), fact('PostgrestRemoved'), fact('ProjectPaused')];
  const opened = [...paused, fact('ProjectResumeRequested'), fact('DatabaseOpened')];
  const [one, other] = [fact('PoolRegistered'), failed('create-database-users', 1, LATER)];
  const begun = runsOf(opened).at(-1);
  expect(states(begun)).toEqual(['done', 'running', 'running', 'pending']);
  expect(step(begun, 'register-pool')?.startedAt).toBe(step(begun, 'create-database-users')?.startedAt);
  expect(states(runsOf([...opened, one]).at(-1))).toEqual(['done', 'running', 'done', 'pending']);
  expect(states(runsOf([...opened, one, other]).at(-1))).toEqual(['done', 'retrying', 'done', 'pending']);
  const both = runsOf([...opened, one, other, fact('DatabaseUsersCreated')]).at(-1);
  expect(states(both)).toEqual(['done', 'done', 'done', 'running']);
  expect(both?.steps.map(({ attempts }) => attempts)).toEqual([1, 2, 1, 1]);
});
