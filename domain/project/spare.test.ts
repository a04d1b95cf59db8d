import { describe, expect, test } from 'vitest';
import { fold, type Recorded } from '../decider.ts';
import { Rejection } from '../rejection.ts';
import { DEFAULT_DATA_API_SETTINGS, type ProjectEvent } from './events.ts';
import { projectDecider } from './project-decider.ts';
import { projectId } from './project-id.ts';
import type { ProjectCommand } from './project.ts';

const id = projectId('proj_0123456789abcdef');
const request = projectId('proj_aaaaaaaaaaaaaaaa');
const other = projectId('proj_bbbbbbbbbbbbbbbb');
const fresh = { templateVersion: 2, server: 'main', dataApi: DEFAULT_DATA_API_SETTINGS };
const secrets = { keyVersion: 1, ciphertext: 'sealed' };
const plain = (type: ProjectEvent['type']) => ({ type, data: {} }) as ProjectEvent;
const requested: ProjectEvent = { type: 'SpareRequested', data: { projectId: id, secrets, ...fresh } };
const preparing = [requested, { type: 'DatabaseCreated', data: { databaseName: id } } as const];
const prepared = [
  ...preparing,
  { type: 'DatabaseUsersCreated', data: { roles: [] } } as const,
  { type: 'SchemaMigrated', data: { version: 2 } } as const,
  plain('PoolRegistered'),
  plain('PostgrestSpawned'),
  plain('SparePrepared'),
];
const claim = {
  kind: 'ClaimSpare',
  requestedAs: request,
  ownerId: 'own_1',
  name: 'shop',
  displayName: 'Shop',
  ...fresh,
} as const satisfies ProjectCommand;
type Claim = Extract<ProjectCommand, { kind: 'ClaimSpare' }>;
const giveUp = { kind: 'GiveUpSpare', because: 'age' } as const;
const drift: ProjectEvent = {
  type: 'DriftDetected',
  data: { what: 'pool', expected: 'registered', actual: 'absent' },
};
const suspended: ProjectEvent = { type: 'ProjectSuspended', data: { step: 's', reason: 'r' } };

const at = (second: number) => new Date(Date.UTC(2030, 0, 1, 0, 0, second));
const given = (events: readonly ProjectEvent[]) =>
  fold(
    projectDecider,
    events.map((event, revision): Recorded<ProjectEvent> => ({
      ...event,
      revision,
      recordedAt: at(revision),
    })),
  );
const when = (events: readonly ProjectEvent[], command: ProjectCommand) =>
  projectDecider.decide(command, given(events));
const types = (events: readonly ProjectEvent[], command: ProjectCommand) =>
  when(events, command).map(({ type }) => type);
const refusal = (events: readonly ProjectEvent[], command: ProjectCommand) => {
  try {
    return types(events, command);
  } catch (error) {
    if (error instanceof Rejection) return error.code;
    throw error;
  }
};

test('a spare is prepared by a process of its own and belongs to nobody', () => {
  expect(given([requested])).toMatchObject({
    ownerId: '',
    status: 'provisioning',
    activated: false,
    run: { process: 'prepare-spare' },
  });
  const resources = { database: true, users: true, pool: true, postgrest: true };
  expect(given(prepared)).toMatchObject({ ownerId: '', status: 'spare', run: null, resources });
});

test('claimed, it is a project that began at that moment', () => {
  const events = when(prepared, claim);
  expect(events.map(({ type }) => type)).toEqual(['SpareClaimed', 'ProjectActivated']);
  const claimedAt = at(prepared.length);
  expect(given([...prepared, ...events])).toMatchObject({
    id,
    requestedAs: request,
    ownerId: 'own_1',
    name: 'shop',
    displayName: 'Shop',
    status: 'active',
    activated: true,
    run: null,
    secrets,
    createdAt: claimedAt,
    keysIssuedAt: claimedAt,
  });
});

describe('it is claimed once, and only when it is what a new project would be', () => {
  const taken = [...prepared, ...when(prepared, claim)];
  test.each<[string, readonly ProjectEvent[], Partial<Claim>]>([
    ['claimed by somebody else', taken, { requestedAs: other, ownerId: 'own_2' }],
    ['claimed by the same request', taken, {}],
    ['still being prepared', preparing, {}],
    ['never begun', [], {}],
    ['given up', [...prepared, plain('SpareGivenUp')], {}],
    ['gone', [...prepared, plain('SpareGivenUp'), plain('ProjectPurged')], {}],
    ['differing from what shall stand', [...prepared, drift], {}],
    ['of an older template', prepared, { templateVersion: 3 }],
    ['on another server', prepared, { server: 'second' }],
    ['of other settings', prepared, { dataApi: { maxRows: 1, schemas: [] } }],
  ])('not one that is %s', (_what, events, change) => {
    expect(types(events, { ...claim, ...change })).toEqual([]);
  });

  test('one that was repaired can be had', () => {
    const mended: ProjectEvent = { type: 'DriftRepaired', data: { what: 'pool' } };
    expect(types([...prepared, drift, mended], claim)).toHaveLength(2);
  });
});

describe('given up', () => {
  test.each([
    ['ready', prepared],
    ['being prepared', preparing],
  ])('while it is %s: everything of it goes', (_what, events) => {
    const next = when(events, giveUp);
    expect(next).toEqual([{ type: 'SpareGivenUp', data: { because: 'age' } }]);
    const state = given([...events, ...next]);
    expect(state).toMatchObject({ status: 'purging', run: { process: 'give-up-spare' } });
    expect(types([...events, ...next], giveUp)).toEqual([]);
  });

  test.each<[string, readonly ProjectEvent[]]>([
    ['it was claimed', [...prepared, ...when(prepared, claim)]],
    ['it is suspended', [...prepared, plain('SpareGivenUp'), suspended]],
    ['it is gone', [...prepared, plain('SpareGivenUp'), plain('ProjectPurged')]],
    ['there is none', []],
    [
      'it is being undone',
      [
        ...preparing,
        {
          type: 'StepFailed',
          data: { step: 'register-pool', direction: 'do', attempt: 1, reason: 'r', retryAt: null },
        },
      ],
    ],
  ])('it is not, when %s', (_what, events) => {
    expect(types(events, giveUp)).toEqual([]);
  });

  test('what could not be prepared is gone', () => {
    const lost: ProjectEvent = { type: 'SpareLost', data: { step: 'register-pool', reason: 'r' } };
    expect(given([...preparing, lost])).toMatchObject({ status: 'purged', run: null });
  });
});

test('nobody commands a spare, but it is repaired and retried as a project is', () => {
  const commands: readonly ProjectCommand[] = [
    { kind: 'RenameProject', displayName: 'Mine' },
    { kind: 'ChangeDataApiSettings', dataApi: { maxRows: 7 } },
    { kind: 'RotateJwtSecret', secrets, overlapUntil: at(0) },
    { kind: 'PauseProject' },
    { kind: 'ResumeProject' },
    { kind: 'SleepProject', idleSince: at(0) },
    { kind: 'WakeProject' },
    { kind: 'DeleteProject', purgeAfter: at(0) },
    { kind: 'PurgeProject' },
    { kind: 'ChangeLimits', limits: { connections: 3 } },
    { kind: 'UpgradeProject', version: 3 },
    {
      kind: 'ReportDatabaseSize',
      seen: { bytes: 2 ** 40, rewriting: false },
      platformSizeMb: 1,
    },
  ];
  for (const command of commands)
    expect([command.kind, refusal(prepared, command)]).toEqual([command.kind, 'project/not-found']);
  const found: ProjectCommand = { kind: 'ReportDrift', what: 'pool', expected: 'x', actual: 'y' };
  expect(types(prepared, found)).toEqual(['DriftDetected']);
  expect(types([...prepared, drift], { kind: 'ReportRepair', what: 'pool' })).toEqual(['DriftRepaired']);
  const stuck = [...prepared, plain('SpareGivenUp'), suspended];
  expect(types(stuck, { kind: 'RetryStep' })).toEqual(['StepRetryRequested']);
  expect(given([...stuck, plain('StepRetryRequested')])).toMatchObject({ status: 'purging' });
});

describe('a request that chose a spare', () => {
  const chosen: ProjectEvent = { type: 'SpareChosen', data: { spare: id } };
  const cold = {
    kind: 'RequestProject',
    projectId: request,
    ownerId: 'own_1',
    name: 'shop',
    displayName: 'Shop',
    secrets,
    ...fresh,
  } as const;
  const abandon = { kind: 'AbandonRequest', ownerId: 'own_1', name: 'shop' } as const;

  test('is no project', () => {
    expect(given([chosen])).toEqual({ kind: 'choosing', spare: id });
    expect(refusal([chosen], { kind: 'PauseProject' })).toBe('project/not-found');
  });

  test('decides nothing else before that one is known to be lost to it', () => {
    for (const command of [cold, abandon, { kind: 'ChooseSpare', spare: other } as const]) {
      expect(types([chosen], command)).toEqual([]);
      expect(types([chosen], { ...command, instead: other })).toEqual([]);
      expect(types([chosen], { ...command, instead: id })).toHaveLength(1);
    }
    const [event] = when([chosen], { ...cold, instead: id });
    expect(event?.data).not.toHaveProperty('instead');
    expect(given([chosen, { type: 'SpareChosen', data: { spare: other } }])).toMatchObject({ spare: other });
  });

  test('is nothing to a project of that id, and cannot come when it was given up', () => {
    const choose = { kind: 'ChooseSpare', spare: id } as const;
    expect(types([], choose)).toEqual(['SpareChosen']);
    const [born] = when([], cold);
    expect(refusal(born ? [born] : [], choose)).toBe('project/already-exists');
    const abandoned: ProjectEvent = {
      type: 'ProjectRequestAbandoned',
      data: { ownerId: 'own_1', name: 'shop' },
    };
    expect(refusal([chosen, abandoned], { ...choose, instead: id })).toBe('project/name-taken');
    expect(refusal([chosen, abandoned], { ...cold, instead: id })).toBe('project/name-taken');
    expect(types([chosen, abandoned], abandon)).toEqual([]);
  });
});
