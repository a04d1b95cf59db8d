import { afterAll, beforeAll, expect, test } from 'vitest';
import { projectStream } from '../../domain/project/project-id.ts';
import {
  fact,
  newProjectId,
  newStore,
  projectionContract,
  PROVISIONED,
  record,
  requested,
  ViewDatabase,
} from '../projection.contract.ts';
import { rebuild } from '../rebuild.ts';
import { processRuns } from './process-runs.ts';
import { openProcesses, progressOf } from './queries.ts';

const projection = processRuns({
  provision: [
    { step: 'create-database', records: 'DatabaseCreated', undoes: 'DatabaseDropped' },
    { step: 'create-database-users', records: 'DatabaseUsersCreated', undoes: 'DatabaseUsersRemoved' },
    { step: 'migrate-schema', records: 'SchemaMigrated', undoes: null },
    { step: 'register-pool', records: 'PoolRegistered', undoes: 'PoolUnregistered' },
    { step: 'spawn-postgrest', records: 'PostgrestSpawned', undoes: 'PostgrestRemoved' },
    { step: 'verify-data-api', records: 'ProjectActivated', undoes: null },
  ],
  pause: [{ step: 'remove-postgrest', records: 'PostgrestRemoved', undoes: null }],
  resume: [],
  sleep: [],
  wake: [],
  delete: [],
  undelete: [],
  purge: [],
  'apply-settings': [],
  'change-password': [],
  'apply-limits': [],
  upgrade: [],
});

projectionContract(projection);

let views: ViewDatabase;

beforeAll(async () => {
  views = await ViewDatabase.create();
});
afterAll(() => views[Symbol.asyncDispose]());

test('progress of a project, and which projects have work to do', async () => {
  let second = 0;
  const store = newStore(() => new Date(Date.UTC(2026, 0, 1, 0, 0, second++)));
  const [pausing, fresh, suspended] = [newProjectId(), newProjectId(), newProjectId()];
  const trouble = { step: 'create-database', reason: 'could not' };
  await record(store, projectStream(fresh), [requested(fresh)]);
  await record(store, projectStream(fresh), [
    {
      type: 'StepFailed',
      data: { ...trouble, direction: 'do', attempt: 1, retryAt: '2026-01-01T00:00:09.000Z' },
    },
  ]);
  await record(store, projectStream(suspended), [
    requested(suspended),
    { type: 'ProjectSuspended', data: trouble },
  ]);
  for (const event of [requested(pausing), ...PROVISIONED, fact('ProjectPauseRequested')]) {
    await record(store, projectStream(pausing), [event]);
  }
  await rebuild(projection, store, views.pool);

  expect(await openProcesses(views.pool)).toEqual([fresh, pausing]);
  const [pause, provision, ...others] = await progressOf(views.pool, pausing);
  expect(others).toEqual([]);
  expect(pause).toMatchObject({ run: 2, process: 'pause', state: 'running', open: true, durationMs: null });
  expect(provision).toMatchObject({
    run: 1,
    process: 'provision',
    state: 'done',
    open: false,
    durationMs: 6000,
  });
  expect(provision?.steps.map(({ durationMs }) => durationMs)).toEqual([1000, 1000, 1000, 1000, 1000, 1000]);
  const [waiting] = await progressOf(views.pool, fresh);
  expect(waiting?.steps[0]).toEqual({
    step: 'create-database',
    state: 'retrying',
    attempts: 1,
    lastError: 'could not',
    nextAttemptAt: new Date('2026-01-01T00:00:09.000Z'),
    startedAt: new Date('2026-01-01T00:00:00.000Z'),
    endedAt: null,
    durationMs: null,
  });
  expect(await progressOf(views.pool, newProjectId())).toEqual([]);
});
