import { afterAll, beforeAll, expect, test } from 'vitest';
import { PLATFORM_LIMITS } from '../../domain/project/events.ts';
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
import { desiredProjects } from './desired-projects.ts';
import { countProjectsInService, findDesiredProject, listDesiredProjects } from './queries.ts';

projectionContract(desiredProjects);

let views: ViewDatabase;

beforeAll(async () => {
  views = await ViewDatabase.create();
});
afterAll(() => views[Symbol.asyncDispose]());

test('what shall stand follows the events; a purged project is gone with its sealed secrets', async () => {
  const store = newStore();
  const [active, paused, fresh, purged] = [newProjectId(), newProjectId(), newProjectId(), newProjectId()];
  await record(store, projectStream(active), [requested(active), ...PROVISIONED]);
  await record(store, projectStream(paused), [
    requested(paused),
    ...PROVISIONED,
    fact('ProjectPauseRequested'),
    fact('PostgrestRemoved'),
  ]);
  await record(store, projectStream(fresh), [requested(fresh)]);
  const purge = [fact('ProjectPurgeRequested'), fact('PostgrestRemoved'), fact('ProjectPurged')];
  await record(store, projectStream(purged), [requested(purged), ...PROVISIONED, ...purge]);
  await rebuild(desiredProjects, store, views.pool);

  const listed = await listDesiredProjects(views.pool);
  expect(listed.map(({ projectId }) => projectId)).toEqual([active, paused].sort());
  expect(await findDesiredProject(views.pool, active)).toEqual({
    projectId: active,
    ownerId: 'own_0000000000000001',
    status: 'active',
    pool: true,
    postgrest: true,
    users: true,
    secrets: { keyVersion: 1, ciphertext: 'sealed-and-still-nobodys-business' },
    previousKeys: null,
    signingKeys: { held: [], signs: null, next: null },
    dataApi: { maxRows: 1000, schemas: ['public'] },
    templateVersion: 3,
    server: 'main',
    limits: PLATFORM_LIMITS,
    fill: null,
    revision: 6,
  });
  expect(await findDesiredProject(views.pool, paused)).toMatchObject({
    status: 'pausing',
    pool: true,
    postgrest: false,
    users: true,
  });
  expect(await findDesiredProject(views.pool, fresh)).toMatchObject({
    pool: false,
    postgrest: false,
    users: false,
  });
  expect(await findDesiredProject(views.pool, purged)).toBeUndefined();
  expect(await findDesiredProject(views.pool, newProjectId())).toBeUndefined();

  // active, still pausing, and requested
  expect(await countProjectsInService(views.pool, 'main')).toBe(3);
  await record(store, projectStream(paused), [fact('ProjectPaused')]);
  await rebuild(desiredProjects, store, views.pool);
  expect(await countProjectsInService(views.pool, 'main')).toBe(2);
});
