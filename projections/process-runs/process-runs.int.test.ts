import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectStream } from '../../domain/project/project-id.ts';
import {
  fact,
  newProjectId,
  newStore,
  projectionContract,
  PROVISIONED,
  record,
  requested,
  spare,
  ViewDatabase,
} from '../projection.contract.ts';
import { rebuild } from '../rebuild.ts';
import { processRuns } from './process-runs.ts';
import { openProcesses, progressOf, somebodyWaits } from './queries.ts';
import { usualTimes } from './usual-times.ts';

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
  'prepare-spare': [{ step: 'verify-data-api', records: 'SparePrepared', undoes: null }],
  'give-up-spare': [],
});

projectionContract(projection);

let views: ViewDatabase;

beforeAll(async () => {
  views = await ViewDatabase.create();
});
afterAll(() => views[Symbol.asyncDispose]());

test('nobody waits for a spare project, and its owner does not see how it was prepared', async () => {
  const store = newStore();
  const [coming, taken, waiting] = [newProjectId(), newProjectId(), newProjectId()];
  const theirs = spare(taken, 'own_1');
  await record(store, projectStream(coming), spare(coming, '').ready.slice(0, 1));
  await record(store, projectStream(taken), [...theirs.ready, ...theirs.claimed]);
  await rebuild(projection, store, views.pool);
  expect(await openProcesses(views.pool)).toEqual([coming]);
  expect(await somebodyWaits(views.pool)).toBe(false);
  expect(await progressOf(views.pool, taken)).toEqual([]);
  await record(store, projectStream(taken), [fact('ProjectPauseRequested')]);
  await record(store, projectStream(waiting), [requested(waiting)]);
  await rebuild(projection, store, views.pool);
  expect(await somebodyWaits(views.pool)).toBe(true);
  expect((await progressOf(views.pool, taken)).map(({ process }) => process)).toEqual(['pause']);
});

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

describe('how long a process usually takes', () => {
  test('is the median of what came to a good end, as a whole and of each step', async () => {
    let [second, longer] = [0, 0];
    const store = newStore(() => new Date(Date.UTC(2026, 0, 1, 0, 0, (second += longer))));
    for (longer of [1, 2, 9]) {
      const id = newProjectId();
      for (const event of [requested(id), ...PROVISIONED]) await record(store, projectStream(id), [event]);
    }
    // under way: it counts for nothing yet
    await record(store, projectStream(newProjectId()), [requested(newProjectId())]);
    await rebuild(projection, store, views.pool);
    const { whole, steps } = await usualTimes(views.pool, 'provision');
    expect(whole).toEqual({ ms: 12_000, samples: 3 });
    expect([...steps.values()]).toEqual(Array.from({ length: 6 }, () => ({ ms: 2000, samples: 3 })));
    expect(await usualTimes(views.pool, 'pause')).toEqual({ whole: undefined, steps: new Map() });
  });

  test('is told of ten thousand runs by an index', async () => {
    await rebuild(projection, newStore(), views.pool);
    await views.sql(`INSERT INTO view_process_runs.runs
      SELECT 'proj_' || n, 1, CASE n % 4 WHEN 0 THEN 'pause' ELSE 'provision' END, 'done', false, 'active', NULL,
        json_build_array(json_build_object('step', 'create-database', 'startedAt', to_timestamp(n),
          'endedAt', to_timestamp(n + n % 7))), to_timestamp(n), to_timestamp(n + n % 7), n
      FROM generate_series(1, 10000) n`);
    await views.sql('ANALYZE view_process_runs.runs');
    const plan = await views.sql<{ 'QUERY PLAN': string }>(`EXPLAIN SELECT steps FROM view_process_runs.runs
      WHERE process = 'provision' AND state = 'done' ORDER BY ended_at DESC LIMIT 100`);
    expect(plan.map((row) => row['QUERY PLAN']).join()).toContain('runs_done');
    const { whole, steps } = await usualTimes(views.pool, 'provision');
    expect([whole, steps.get('create-database')]).toEqual([
      { ms: 3000, samples: 100 },
      { ms: 3000, samples: 100 },
    ]);
  });
});
