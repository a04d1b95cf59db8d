import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { PLATFORM_LIMITS } from '../../domain/project/events.ts';
import { projectStream, type ProjectId } from '../../domain/project/project-id.ts';
import { encodeCursor, InvalidCursor } from '../page-cursor.ts';
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
import { projectList } from './project-list.ts';
import {
  countByStatus,
  countProjects,
  findProject,
  listBehind,
  listEverybodys,
  listProjects,
  listSpares,
  projectsThatAre,
  type ListedProject,
} from './queries.ts';

projectionContract(projectList);

describe('queries of projects', () => {
  const ownerId = 'own_0000000000000001';
  let views: ViewDatabase;
  let store: ReturnType<typeof newStore>;
  let now: Date;

  beforeAll(async () => {
    views = await ViewDatabase.create();
  });
  beforeEach(() => {
    now = new Date('2026-02-03T04:05:06.789Z');
    store = newStore(() => now);
  });
  afterAll(() => views[Symbol.asyncDispose]());

  test('the detail is what the events say', async () => {
    const id = newProjectId();
    const position = await record(store, projectStream(id), [
      requested(id),
      ...PROVISIONED,
      { type: 'ProjectDeletionRequested', data: { purgeAfter: '2030-01-01T00:00:00.000Z' } },
    ]);
    await rebuild(projectList, store, views.pool);
    expect(await findProject(views.pool, id)).toEqual({
      id,
      ownerId,
      name: 'shop',
      displayName: 'Robert\'); DROP TABLE "projects"; -- 𝔘ñí ☃',
      status: 'deleting',
      templateVersion: 3,
      dataApi: { maxRows: 1000, schemas: ['public'] },
      limits: PLATFORM_LIMITS,
      fill: null,
      purgeAfter: new Date('2030-01-01T00:00:00.000Z'),
      createdAt: now,
      updatedAt: now,
      revision: 7,
      position,
    });
    expect(await findProject(views.pool, newProjectId())).toBeUndefined();
  });

  test('lists are of one owner, newest first, page by page, also when many were made at once', async () => {
    const times = [3, 1, 1, 1, 2, 2, 5, 4];
    const made: { id: string; at: Date }[] = [];
    for (const second of times) {
      now = new Date(Date.UTC(2026, 0, 1, 0, 0, second));
      const id = newProjectId();
      made.push({ id, at: now });
      const theirs = newProjectId();
      await record(store, projectStream(id), [requested(id)]);
      await record(store, projectStream(theirs), [requested(theirs, { ownerId: 'own_0000000000000002' })]);
    }
    await rebuild(projectList, store, views.pool);
    const listed: ListedProject[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await listProjects(views.pool, { ownerId, limit: 3, cursor });
      expect(page.projects.length).toBeLessThanOrEqual(3);
      listed.push(...page.projects);
      if (page.nextCursor === null) break;
      cursor = page.nextCursor;
    }
    const expected = made.toSorted((a, b) => b.at.getTime() - a.at.getTime() || (a.id < b.id ? 1 : -1));
    expect(listed.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
  });

  test('purged projects are absent from lists and still there by id; a status filters', async () => {
    const [active, purged, waiting] = [newProjectId(), newProjectId(), newProjectId()];
    await record(store, projectStream(active), [requested(active), ...PROVISIONED]);
    await record(store, projectStream(purged), [
      requested(purged),
      fact('ProjectPurgeRequested'),
      fact('ProjectPurged'),
    ]);
    await record(store, projectStream(waiting), [requested(waiting)]);
    await rebuild(projectList, store, views.pool);
    const idsOf = async (status?: ListedProject['status']) =>
      (await listProjects(views.pool, { ownerId, limit: 10, status })).projects.map(({ id }) => id).sort();
    expect(await idsOf()).toEqual([active, waiting].sort());
    expect(await idsOf('active')).toEqual([active]);
    expect(await idsOf('purged')).toEqual([]);
    expect(await findProject(views.pool, purged)).toMatchObject({ status: 'purged' });
    expect(await countByStatus(views.pool)).toEqual({ active: 1, purged: 1, provisioning: 1 });
  });

  test('a spare project is in the list of spares alone, until it is claimed: then it is its owner’s, made just now', async () => {
    const { pool } = views;
    const [taken, ready, coming, going, gone] = [1, 2, 3, 4, 5].map(newProjectId) as [
      ProjectId,
      ProjectId,
      ProjectId,
      ProjectId,
      ProjectId,
    ];
    const theirs = spare(taken, ownerId);
    for (const id of [taken, ready, going, gone]) await record(store, projectStream(id), spare(id, '').ready);
    await record(store, projectStream(coming), spare(coming, '').ready.slice(0, 3));
    for (const id of [going, gone])
      await record(store, projectStream(id), [{ type: 'SpareGivenUp', data: { because: 'age' } }]);
    await record(store, projectStream(gone), [fact('ProjectPurged')]);
    now = new Date('2026-03-03T00:00:00.000Z');
    await record(store, projectStream(taken), theirs.claimed);
    await rebuild(projectList, store, pool);

    const idsOf = (projects: readonly { readonly id: ProjectId }[]) => projects.map(({ id }) => id);
    expect(idsOf((await listProjects(pool, { ownerId, limit: 10 })).projects)).toEqual([taken]);
    expect(await findProject(pool, taken)).toMatchObject({ name: 'ready', status: 'active', createdAt: now });
    expect(idsOf((await listEverybodys(pool, { limit: 10 })).projects)).toEqual([taken]);
    const shown = await listEverybodys(pool, { limit: 10, status: 'spare' });
    expect(idsOf(shown.projects)).toEqual([ready]);
    expect(idsOf(await listSpares(pool)).toSorted()).toEqual([ready, coming, going].toSorted());
    expect((await listSpares(pool)).find(({ id }) => id === coming)).toEqual({
      id: coming,
      status: 'provisioning',
      process: 'prepare-spare',
      templateVersion: 3,
      dataApi: { maxRows: 1000, schemas: ['public'] },
      createdAt: new Date('2026-02-03T04:05:06.789Z'),
    });
    expect(await projectsThatAre(pool, 'spare')).toEqual([ready]);
    // they are renewed, and not upgraded
    expect(idsOf(await listBehind(pool, 4))).toEqual([taken]);
    expect(await countProjects(pool, ownerId)).toBe(1);
  });

  test('hostile cursors and limits', async () => {
    await rebuild(projectList, store, views.pool);
    const hostile = [
      '',
      'x',
      '\0',
      'A'.repeat(10_000),
      encodeCursor([]),
      encodeCursor(["'; DROP SCHEMA view_project_list CASCADE; --", 'proj_0000000000000000']),
      encodeCursor(['2026-99-99T99:99:99.999Z', 'proj_0000000000000000']),
      Buffer.from('null').toString('base64url'),
      Buffer.from('{"length":2}').toString('base64url'),
      Buffer.from('[1,2]').toString('base64url'),
    ];
    for (const cursor of hostile) {
      await expect(listProjects(views.pool, { ownerId, limit: 1, cursor })).rejects.toBeInstanceOf(
        InvalidCursor,
      );
    }
    for (const limit of [0, -1, Number.NaN, 1e9, 0.5, Infinity]) {
      expect(await listProjects(views.pool, { ownerId, limit })).toMatchObject({ nextCursor: null });
    }
  });
});
