import { describe, expect, test } from 'vitest';
import { fold, type Recorded } from '../decider.ts';
import { Rejection, type RejectionCode } from '../rejection.ts';
import { DEFAULT_DATA_API_SETTINGS, type ProjectEvent } from './events.ts';
import { projectId } from './project-id.ts';
import { projectDecider } from './project-decider.ts';
import type { Project, ProjectCommand } from './project.ts';

const id = projectId('proj_0123456789abcdef');
const requested = {
  type: 'ProjectRequested',
  data: {
    projectId: id,
    ownerId: 'own_1',
    name: 'shop',
    displayName: 'Shop',
    templateVersion: 1,
    server: 'main',
    secrets: { keyVersion: 1, ciphertext: 'sealed' },
    dataApi: DEFAULT_DATA_API_SETTINGS,
  },
} as const satisfies ProjectEvent;
const abandoned = {
  type: 'ProjectRequestAbandoned',
  data: { ownerId: 'own_1', name: 'shop' },
} as const satisfies ProjectEvent;
const plain = (type: ProjectEvent['type']) => ({ type, data: {} }) as ProjectEvent;
const provisioned = [
  requested,
  { type: 'DatabaseCreated', data: { databaseName: id } },
  { type: 'DatabaseUsersCreated', data: { roles: [] } },
  { type: 'SchemaMigrated', data: { version: 1 } },
  plain('PoolRegistered'),
  plain('PostgrestSpawned'),
  plain('ProjectActivated'),
] as const satisfies readonly ProjectEvent[];
const paused = [...provisioned, plain('ProjectPauseRequested'), plain('ProjectPaused')];
const deletion: ProjectEvent = {
  type: 'ProjectDeletionRequested',
  data: { purgeAfter: '2030-01-01T00:00:00.000Z' },
};
const sleep: ProjectEvent = {
  type: 'ProjectSleepRequested',
  data: { idleSince: '2030-01-01T00:00:00.000Z' },
};
const fallingAsleep = [...provisioned, sleep];
const sleeping = [...fallingAsleep, plain('PostgrestRemoved'), plain('ProjectSlept')];
const waking = [...sleeping, plain('ProjectWakeRequested')];
const secrets = { keyVersion: 1, ciphertext: 'new' };
const newPassword: ProjectEvent = { type: 'DatabasePasswordRotated', data: { secrets } };
const deleted = [...provisioned, deletion, plain('ProjectDeleted')];
const stuck = (process: ProjectEvent['type']): ProjectEvent[] => [
  ...provisioned,
  plain(process),
  { type: 'ProjectSuspended', data: { step: 'remove-postgrest', reason: 'x' } },
];

const at = (second: number) => new Date(Date.UTC(2030, 0, 1, 0, 0, second));
const given = (events: readonly ProjectEvent[]): Project =>
  fold(
    projectDecider,
    events.map((event, revision): Recorded<ProjectEvent> => ({
      ...event,
      revision,
      recordedAt: at(revision),
    })),
  );
const existing = (events: readonly ProjectEvent[]) => {
  const project = given(events);
  if (project.kind !== 'project') throw new Error('no project');
  return project;
};
const when = (events: readonly ProjectEvent[], command: ProjectCommand) =>
  projectDecider.decide(command, given(events)).map(({ type }) => type);
const refusal = (events: readonly ProjectEvent[], command: ProjectCommand): RejectionCode => {
  try {
    when(events, command);
  } catch (error) {
    if (error instanceof Rejection) return error.code;
    throw error;
  }
  throw new Error('was not refused');
};

const pause: ProjectCommand = { kind: 'PauseProject' };
const remove: ProjectCommand = { kind: 'DeleteProject', purgeAfter: at(100) };

const MB = 1024 * 1024;
const reported = (megabytes: number): ProjectCommand => ({
  kind: 'ReportDatabaseSize',
  seen: { bytes: megabytes * MB, rewriting: false },
  platformSizeMb: 100,
});
const exceeded: ProjectEvent = {
  type: 'DatabaseSizeExceeded',
  data: { bytes: 101 * MB, limitBytes: 100 * MB },
};
const inForce = [plain('DatabaseUsersBounded'), plain('ProjectLimitsInForce')];

describe('limits', () => {
  test.each([
    ['in service', provisioned, ['DatabaseSizeExceeded']],
    ['asleep', sleeping, ['DatabaseSizeExceeded']],
    ['read only already', [...provisioned, exceeded, ...inForce], []],
    ['being made read only', [...provisioned, exceeded], []],
    ['falling asleep', fallingAsleep, []],
    ['out of service', paused, []],
    ['not there yet', [requested], []],
    ['suspended', stuck('ProjectPauseRequested'), []],
  ] as const)('of one that is %s a size over the limit means', (_title, events, expected) => {
    expect(when(events, reported(101))).toEqual(expected);
  });

  test('a limit of its own goes before the platform’s', () => {
    const change = (databaseSizeMb: number | null): ProjectEvent => ({
      type: 'ProjectLimitsChanged',
      data: { limits: { databaseSizeMb, connections: null, statementTimeoutS: null } },
    });
    const changed = [...provisioned, change(200), ...inForce];
    expect(when(changed, reported(101))).toEqual([]);
    for (const limits of [
      {},
      { databaseSizeMb: 200 },
      { files: null, storageSizeMb: null, connections: null },
    ])
      expect(when(changed, { kind: 'ChangeLimits', limits })).toEqual([]);
    expect(when(changed, { kind: 'ChangeLimits', limits: { files: 0 } })).toEqual(['ProjectLimitsChanged']);
    expect(when(changed, { kind: 'ChangeLimits', limits: { databaseSizeMb: null } })).toEqual([
      'ProjectLimitsChanged',
    ]);
    expect(existing([...paused, change(200)])).toMatchObject({ status: 'paused', run: null });
    expect(existing([...sleeping, change(200)])).toMatchObject({
      status: 'sleeping',
      run: { process: 'apply-limits' },
    });
    expect(refusal(fallingAsleep, { kind: 'ChangeLimits', limits: { connections: 7 } })).toBe('project/busy');
  });

  test('what was suspended while it slept sleeps on when it is tried again', () => {
    const suspended: ProjectEvent = { type: 'ProjectSuspended', data: { step: 'x', reason: 'y' } };
    const events = [...sleeping, exceeded, suspended, plain('StepRetryRequested')];
    expect(existing(events)).toMatchObject({ status: 'sleeping', run: { process: 'apply-limits' } });
  });
});

const retryOnce = { kind: 'RetryStepOnce', now: new Date('2050-01-01T00:00:00.000Z') } as const;
const waiting = (retryAt: string): readonly ProjectEvent[] => [
  ...provisioned,
  plain('ProjectPauseRequested'),
  { type: 'StepFailed', data: { step: 'x', direction: 'do', attempt: 3, reason: 'away', retryAt } },
];

describe('what a project accepts', () => {
  test.each([
    ['a paused project resumes', paused, { kind: 'ResumeProject' }, ['ProjectResumeRequested']],
    ['an active one pauses', provisioned, pause, ['ProjectPauseRequested']],
    ['pausing twice is one pause', [...provisioned, plain('ProjectPauseRequested')], pause, []],
    ['a deletion keeps what was in use', provisioned, remove, ['ProjectDeletionRequested']],
    ['a project that never was active has nothing to keep', [requested], remove, ['ProjectPurgeRequested']],
    ['deleting twice is one deletion', deleted, remove, []],
    ['a deletion is taken back', deleted, { kind: 'UndeleteProject' }, ['ProjectUndeleteRequested']],
    [
      'a suspended step is tried again',
      stuck('ProjectPauseRequested'),
      { kind: 'RetryStep' },
      ['StepRetryRequested'],
    ],
    [
      'a suspended step is tried once more for its owner',
      stuck('ProjectPauseRequested'),
      retryOnce,
      ['StepRetryRequested'],
    ],
    [
      'and what waits for its next try at once',
      waiting('2100-01-01T00:00:00.000Z'),
      retryOnce,
      ['StepRetryRequested'],
    ],
    ['but not what is being tried', waiting('2000-01-01T00:00:00.000Z'), retryOnce, []],
    ['an equal name changes nothing', provisioned, { kind: 'RenameProject', displayName: 'Shop' }, []],
  ] as const)('%s', (_title, events, command, expected) => {
    expect(when(events, command)).toEqual(expected);
  });

  test.each([
    [
      'an id is used once',
      [requested],
      { kind: 'RequestProject', ...requested.data },
      'project/already-exists',
    ],
    ['a missing project', [], pause, 'project/not-found'],
    ['a purged project', [requested, plain('ProjectPurged')], pause, 'project/not-found'],
    ['pausing while it is provisioned', [requested], pause, 'project/busy'],
    ['resuming what is deleted', deleted, { kind: 'ResumeProject' }, 'project/not-paused'],
    ['undeleting what is paused', paused, { kind: 'UndeleteProject' }, 'project/not-deleted'],
    ['pausing what is suspended', stuck('ProjectDeletionRequested'), pause, 'project/suspended'],
    ['a retry without a suspension', provisioned, { kind: 'RetryStep' }, 'project/nothing-to-retry'],
    ['a retry where nothing waits', provisioned, retryOnce, 'project/nothing-to-retry'],
    [
      'a request that was abandoned',
      [abandoned],
      { kind: 'RequestProject', ...requested.data },
      'project/name-taken',
    ],
    [
      'abandoning what was requested',
      [requested],
      { kind: 'AbandonRequest', ...abandoned.data },
      'project/already-exists',
    ],
  ] as const)('refuses: %s', (_title, events, command, code) => {
    expect(refusal(events, command as ProjectCommand)).toBe(code);
  });
});

describe('what a project remembers', () => {
  test('what stands outside follows from the effects', () => {
    expect(existing(provisioned).resources).toEqual({
      database: true,
      users: true,
      pool: true,
      postgrest: true,
    });
    const removed = existing([...provisioned, plain('ProjectPauseRequested'), plain('PostgrestRemoved')]);
    expect(removed.resources.postgrest).toBe(false);
    expect(removed.status).toBe('pausing');
  });

  test('a step that gives up turns a provision around', () => {
    const failed: ProjectEvent = {
      type: 'StepFailed',
      data: { step: 'migrate-schema', direction: 'do', attempt: 3, reason: 'no', retryAt: null },
    };
    expect(existing([requested, failed]).run?.undoing).toEqual({ step: 'migrate-schema', reason: 'no' });
    // another process does not undo: it waits for an operator
    const pausing = existing([...provisioned, plain('ProjectPauseRequested'), failed]);
    expect(pausing.run?.undoing).toBeNull();
  });

  test('the time of a step counts from the event before it', () => {
    expect(existing(provisioned.slice(0, 3)).run?.stepSince).toEqual(at(2));
  });

  test('drift is recorded once and repaired once', () => {
    const found = { kind: 'ReportDrift', what: 'pool', expected: 'there', actual: 'absent' } as const;
    const detected: ProjectEvent = {
      type: 'DriftDetected',
      data: { what: 'pool', expected: 'there', actual: 'absent' },
    };
    expect(when(provisioned, found)).toEqual(['DriftDetected']);
    expect(when([...provisioned, detected], found)).toEqual([]);
    expect(when([...provisioned, detected], { kind: 'ReportRepair', what: 'pool' })).toEqual([
      'DriftRepaired',
    ]);
    expect(when(provisioned, { kind: 'ReportRepair', what: 'pool' })).toEqual([]);
  });

  test('settings of a paused project wait for its resumption', () => {
    const changed: ProjectEvent = {
      type: 'DataApiSettingsChanged',
      data: { dataApi: { maxRows: 5, schemas: ['public'] } },
    };
    expect(existing([...paused, changed])).toMatchObject({
      status: 'paused',
      run: null,
      dataApi: { maxRows: 5 },
    });
    expect(existing([...provisioned, changed]).run?.process).toBe('apply-settings');
  });
});

describe('sleep and wake', () => {
  const goToSleep: ProjectCommand = { kind: 'SleepProject', idleSince: at(0) };
  const wake: ProjectCommand = { kind: 'WakeProject' };
  const resume: ProjectCommand = { kind: 'ResumeProject' };
  const rotateKeys: ProjectCommand = { kind: 'RotateJwtSecret', secrets, overlapUntil: at(100) };
  const rotatePassword: ProjectCommand = { kind: 'RotateDatabasePassword', secrets };
  const settings: ProjectCommand = { kind: 'ChangeDataApiSettings', dataApi: { maxRows: 1, schemas: [] } };
  const woken = [...waking, plain('PostgrestSpawned'), plain('ProjectWoken')];

  test.each([
    ['an idle one falls asleep', provisioned, goToSleep, ['ProjectSleepRequested']],
    ['one that a process is at work on does not', [...provisioned, newPassword], goToSleep, []],
    ['one that is paused does not', paused, goToSleep, []],
    ['one that sleeps does not once more', sleeping, goToSleep, []],
    ['a request wakes it', sleeping, wake, ['ProjectWakeRequested']],
    ['a request wakes it while it falls asleep', fallingAsleep, wake, ['ProjectWakeRequested']],
    ['many requests wake it once', waking, wake, []],
    ['what is awake needs no waking', woken, wake, []],
    ['a process that is at work on a sleeping one ends first', [...sleeping, newPassword], wake, []],
    ['its owner wakes it by resuming it', sleeping, resume, ['ProjectWakeRequested']],
    ['resuming what wakes is nothing new', waking, resume, []],
    ['a sleeping one is paused', sleeping, pause, ['ProjectPauseRequested']],
    ['one that falls asleep is paused', fallingAsleep, pause, ['ProjectPauseRequested']],
    ['one that wakes is paused', waking, pause, ['ProjectPauseRequested']],
    ['a sleeping one is deleted', sleeping, remove, ['ProjectDeletionRequested']],
    ['its keys are rotated while it sleeps', sleeping, rotateKeys, ['JwtSecretRotated']],
    ['its password is rotated while it sleeps', sleeping, rotatePassword, ['DatabasePasswordRotated']],
    ['its settings change while it sleeps', sleeping, settings, ['DataApiSettingsChanged']],
  ] as const)('%s', (_title, events, command, expected) => {
    expect(when(events, command)).toEqual(expected);
  });

  test.each([
    ['a paused one is not woken', paused, wake, 'project/not-active'],
    ['a deleted one is not woken', deleted, wake, 'project/not-active'],
    ['a suspended one is not woken', stuck('ProjectWakeRequested'), wake, 'project/suspended'],
    ['one that is provisioned is not woken', [requested], wake, 'project/busy'],
    ['one that falls asleep is not changed meanwhile', fallingAsleep, settings, 'project/busy'],
    ['one that wakes gets no new keys meanwhile', waking, rotateKeys, 'project/busy'],
  ] as const)('%s', (_title, events, command, code) => {
    expect(refusal(events, command)).toBe(code);
  });

  test('nothing but a wake starts the REST API of a sleeping project', () => {
    const changed = [
      ...sleeping,
      { type: 'JwtSecretRotated', data: { secrets, overlapUntil: '2030-01-01T00:01:00.000Z' } },
      { type: 'DataApiSettingsChanged', data: { dataApi: { maxRows: 1, schemas: [] } } },
      plain('PreviousJwtSecretRetired'),
    ] as const;
    expect(existing(changed)).toMatchObject({ status: 'sleeping', run: null });
    expect(existing(changed).resources).toMatchObject({ pool: true, postgrest: false });
  });

  test('keys that are rotated without an overlap leave nothing that would have to be retired', () => {
    const rotated = (overlapUntil: string): ProjectEvent => ({
      type: 'JwtSecretRotated',
      data: { secrets, overlapUntil },
    });
    expect(existing([...provisioned, rotated('2000-01-01T00:00:00.000Z')]).previousKeys).toBeNull();
    const overlapping = existing([...provisioned, rotated('2030-01-01T00:01:00.000Z')]);
    expect(overlapping.previousKeys).toMatchObject({
      until: new Date('2030-01-01T00:01:00.000Z'),
      issuedAt: existing(provisioned).keysIssuedAt,
    });
  });

  test('it sleeps on after its password was changed, also when an operator had to help', () => {
    const suspended: ProjectEvent = { type: 'ProjectSuspended', data: { step: 'x', reason: 'y' } };
    const retried = [...sleeping, newPassword, suspended, plain('StepRetryRequested')];
    expect(existing(retried)).toMatchObject({ status: 'sleeping', run: { process: 'change-password' } });
    const done = [...retried, plain('DatabasePasswordInForce')];
    expect(existing(done)).toMatchObject({ status: 'sleeping', run: null });
  });

  test('kept awake it is as it was', () => {
    const kept = existing([...fallingAsleep, plain('ProjectKeptAwake')]);
    expect(kept).toMatchObject({ status: 'active', run: null, resources: { postgrest: true } });
  });
});

describe('a retry by its owner', () => {
  const once: ProjectEvent = { type: 'StepRetryRequested', data: { once: true } };

  test('brings the next try forward, and the count and the time of all tries go on', () => {
    const before = existing(waiting('2100-01-01T00:00:00.000Z'));
    const after = existing([...waiting('2100-01-01T00:00:00.000Z'), once]);
    expect(after).toMatchObject({ status: before.status, run: { stepSince: before.run?.stepSince } });
    expect(after.run?.trouble).toMatchObject({ attempt: 3, reason: 'away', retryAt: after.updatedAt });
  });

  test('of a suspended project is under way again, and sleeps on if it slept', () => {
    const gaveUp: readonly ProjectEvent[] = [
      { type: 'StepFailed', data: { step: 'x', direction: 'do', attempt: 12, reason: 'y', retryAt: null } },
      { type: 'ProjectSuspended', data: { step: 'x', reason: 'y' } },
    ];
    const pausing = existing([...provisioned, plain('ProjectPauseRequested'), ...gaveUp, once]);
    expect(pausing).toMatchObject({ status: 'pausing', run: { trouble: { attempt: 12 } } });
    const asleep = existing([...sleeping, newPassword, ...gaveUp, once]);
    expect(asleep).toMatchObject({ status: 'sleeping', run: { process: 'change-password' } });
  });
});

describe('upgrades', () => {
  const upgrade: ProjectCommand = { kind: 'UpgradeProject', version: 2 };
  const asked: ProjectEvent = { type: 'ProjectUpgradeRequested', data: { version: 2 } };
  const migrated: ProjectEvent = { type: 'SchemaMigrated', data: { version: 2 } };
  const done: ProjectEvent = { type: 'ProjectUpgraded', data: { from: 1, to: 2 } };
  const failure = { step: 'migrate-schema', reason: 'no' };
  const givenUp: ProjectEvent = { type: 'ProjectUpgradeFailed', data: { version: 2, ...failure } };
  const upgrading = [...provisioned, asked];
  const asleepUpgrading = [...sleeping, asked];

  test.each([
    ['one that is awake', provisioned, upgrade, ['ProjectUpgradeRequested']],
    ['one that sleeps', sleeping, upgrade, ['ProjectUpgradeRequested']],
    ['asked for twice it is one', upgrading, upgrade, []],
    ['what is there is not done again', [...upgrading, migrated, done], upgrade, []],
    ['one that failed is asked for again', [...upgrading, givenUp], upgrade, ['ProjectUpgradeRequested']],
    ['a newer version goes before it', upgrading, { ...upgrade, version: 3 }, ['ProjectUpgradeRequested']],
    ['an older one does not', upgrading, { ...upgrade, version: 1 }, []],
    ['a wake goes before it', asleepUpgrading, { kind: 'WakeProject' }, ['ProjectWakeRequested']],
    ['a pause goes before it', upgrading, pause, ['ProjectPauseRequested']],
    ['so does a deletion', upgrading, remove, ['ProjectDeletionRequested']],
    [
      'so does a new password',
      upgrading,
      { kind: 'RotateDatabasePassword', secrets },
      ['DatabasePasswordRotated'],
    ],
    ['nobody is put to sleep meanwhile', upgrading, { kind: 'SleepProject', idleSince: at(0) }, []],
  ] as const)('%s', (_title, events, command, expected) => {
    expect(when(events, command as ProjectCommand)).toEqual(expected);
  });

  test.each([
    ['one that is paused', paused, 'project/not-active'],
    ['one that is deleted', deleted, 'project/not-active'],
    ['one that is suspended', stuck('ProjectPauseRequested'), 'project/suspended'],
    ['one that wakes', waking, 'project/busy'],
  ] as const)('refuses: %s', (_title, events, code) => {
    expect(refusal(events, upgrade)).toBe(code);
  });

  test.each([
    ['awake', provisioned, 'active'],
    ['asleep', sleeping, 'sleeping'],
  ] as const)(
    'one that is %s stays it all the while; its version changes by the migration alone',
    (_, was, is) => {
      const before = existing([...was, asked]);
      expect(before).toMatchObject({
        status: is,
        templateVersion: 1,
        upgrade: { from: 1, to: 2, failure: null },
      });
      expect(existing([...was, asked, migrated])).toMatchObject({ status: is, templateVersion: 2 });
      const after = existing([...was, asked, migrated, done]);
      expect(after).toMatchObject({ status: is, templateVersion: 2, upgrade: null, run: null });
      expect(after.resources).toEqual(existing(was).resources);
    },
  );

  test('a failure suspends nobody: it serves on as it was, and remembers why', () => {
    expect(existing([...sleeping, asked, givenUp])).toMatchObject({
      status: 'sleeping',
      templateVersion: 1,
      run: null,
      upgrade: { from: 1, to: 2, failure },
    });
    expect(existing([...upgrading, givenUp, asked, migrated, done]).upgrade).toBeNull();
  });
});
