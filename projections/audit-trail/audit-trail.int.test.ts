import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectStream } from '../../domain/project/project-id.ts';
import { encodeCursor, InvalidCursor } from '../page-cursor.ts';
import {
  byOwner,
  fact,
  newProjectId,
  newStore,
  projectionContract,
  PROVISIONED,
  record,
  recordScenario,
  requested,
  SEALED_TEXT,
  spare,
  ViewDatabase,
} from '../projection.contract.ts';
import { rebuild } from '../rebuild.ts';
import { auditTrail } from './audit-trail.ts';
import { momentsOf } from './moments.ts';
import { aroundEntry, auditOf, exportAudit, type AuditEntry } from './queries.ts';

projectionContract(auditTrail);

describe('C50 the audit trail', () => {
  const ownerId = 'own_0000000000000001';
  const other = 'own_0000000000000002';
  const byProcess = { ...byOwner(ownerId), actor: { kind: 'process', id: 'provision' } as const };
  const [mine, theirs] = [newProjectId(), newProjectId()];
  let now = new Date('2026-01-01T00:00:00.000Z');
  const store = newStore(() => now);
  let views: ViewDatabase;

  beforeAll(async () => {
    views = await ViewDatabase.create();
    const asked = { ...byOwner(ownerId), correlationId: 'correlation-1' };
    await record(
      store,
      `owner-${ownerId}`,
      [{ type: 'OwnerRegistered', data: { ownerId, sealedEmail: SEALED_TEXT } }, fact('OwnerSignedIn')],
      asked,
    );
    await record(store, `projectname-${ownerId}-my-shop`, [
      { type: 'ProjectNameReserved', data: { projectId: mine } },
    ]);
    await record(store, projectStream(mine), [requested(mine, { ownerId })], asked);
    await record(store, projectStream(theirs), [requested(theirs, { ownerId: other })], byOwner(other));
    now = new Date('2026-01-02T00:00:00.000Z');
    await record(store, projectStream(mine), PROVISIONED, byProcess);
    await record(store, projectStream(theirs), PROVISIONED, byProcess);
    const byOperator = { ...byOwner(ownerId), actor: { kind: 'operator', id: 'opt_1' } as const };
    const token = { tokenId: 'opt_1', name: 'one', scopes: ['read'], tokenHash: 'x' } as const;
    const invite = { expiresAt: '2026-02-01T00:00:00.000Z', addressHash: null };
    await record(store, 'platform-operators', [{ type: 'OperatorTokenIssued', data: token }], byOperator);
    await record(store, 'invite-abc', [{ type: 'InviteIssued', data: invite }], byOperator);
    await rebuild(auditTrail, store, views.pool);
  });
  afterAll(() => views[Symbol.asyncDispose]());

  const typesOf = async (filter: Omit<Parameters<typeof auditOf>[1], 'ownerId' | 'limit'>) =>
    (await auditOf(views.pool, { ownerId, limit: 100, ...filter })).entries.map(({ type }) => type);
  const provisioned = PROVISIONED.map(({ type }) => type).toReversed();

  test('an owner reads all of theirs, newest first, and nothing of anybody else', async () => {
    expect(await typesOf({})).toEqual([
      ...provisioned,
      'ProjectRequested',
      'ProjectNameReserved',
      'OwnerSignedIn',
      'OwnerRegistered',
    ]);
    expect(await typesOf({ projectId: theirs })).toEqual([]);
    const { entries } = await auditOf(views.pool, { ownerId: other, limit: 100 });
    expect(new Set(entries.map(({ projectId }) => projectId))).toEqual(new Set([theirs]));
    expect(entries).toHaveLength(7);
  });

  test('an entry says who, when, from where and why, and has the hash of the log', async () => {
    const { entries } = await auditOf(views.pool, { ownerId, type: 'ProjectRequested', limit: 1 });
    const [event] = await store.readStream(projectStream(mine));
    expect(entries[0]).toEqual({
      position: event!.position,
      stream: projectStream(mine),
      revision: 0,
      eventId: event!.id,
      projectId: mine,
      ownerId,
      type: 'ProjectRequested',
      actor: { kind: 'owner', id: ownerId },
      correlationId: 'correlation-1',
      causationId: null,
      reason: 'test',
      requestId: 'request-1',
      ip: '192.0.2.1',
      userAgent: 'tést/1 "quoted" \\ 😀',
      recordedAt: new Date('2026-01-01T00:00:00.000Z'),
      data: expect.objectContaining({ projectId: mine, name: 'shop' }) as unknown,
      hash: event!.hash,
    });
    expect(entries[0]?.hash).toMatch(/^[0-9a-f]{64}$/);
  });

  test('by project, type, actor, correlation and time', async () => {
    expect(await typesOf({ projectId: mine })).toEqual([
      ...provisioned,
      'ProjectRequested',
      'ProjectNameReserved',
    ]);
    expect(await typesOf({ type: 'PoolRegistered' })).toEqual(['PoolRegistered']);
    expect(await typesOf({ actor: 'process' })).toEqual(provisioned);
    expect(await typesOf({ actor: 'provision' })).toEqual(provisioned);
    expect(await typesOf({ actor: ownerId, type: 'ProjectRequested' })).toEqual(['ProjectRequested']);
    const correlated = ['ProjectRequested', 'OwnerSignedIn', 'OwnerRegistered'];
    expect(await typesOf({ correlationId: 'correlation-1' })).toEqual(correlated);
    const noon = new Date('2026-01-01T12:00:00.000Z');
    expect(await typesOf({ since: noon })).toEqual(provisioned);
    expect(await typesOf({ until: noon })).toHaveLength(4);
    expect(await typesOf({ since: now })).toEqual(provisioned);
    expect(await typesOf({ since: noon, until: now })).toEqual([]);
    expect(await typesOf({ type: "x' OR true --" })).toEqual([]);
  });

  test('what came later than an entry', async () => {
    const all = await auditOf(views.pool, { ownerId, limit: 100 });
    const [newest, before] = all.entries as [AuditEntry, AuditEntry];
    expect(await typesOf({ after: newest.position })).toEqual([]);
    expect(await typesOf({ after: before.position })).toEqual([newest.type]);
    expect(await typesOf({ after: before.position, type: 'ProjectRequested' })).toEqual([]);
  });

  test('the platform’s own and invites are for operators alone, who see everything', async () => {
    const ofOperators = { ownerId: null, limit: 100 } as const;
    const byOperator = await auditOf(views.pool, { ...ofOperators, actor: 'operator' });
    expect(byOperator.entries.map(({ type, data }) => [type, data])).toEqual([
      ['InviteIssued', { expiresAt: '2026-02-01T00:00:00.000Z', addressHash: null }],
      ['OperatorTokenIssued', { tokenId: 'opt_1', name: 'one', scopes: ['read'] }],
    ]);
    expect(byOperator.entries.map(({ ownerId: of }) => of)).toEqual([null, null]);
    const all = await auditOf(views.pool, ofOperators);
    expect(new Set(all.entries.map(({ ownerId: of }) => of))).toEqual(new Set([ownerId, other, null]));
    for (const id of [ownerId, other])
      expect((await auditOf(views.pool, { ownerId: id, actor: 'operator', limit: 100 })).entries).toEqual([]);
  });

  test('pages do not overlap and leave nothing out; an export reads them all', async () => {
    const paged: AuditEntry[] = [];
    for (let cursor: string | undefined; ;) {
      const page = await auditOf(views.pool, { ownerId, limit: 3, cursor });
      paged.push(...page.entries);
      if (page.nextCursor === null) break;
      cursor = page.nextCursor;
    }
    const exported: AuditEntry[] = [];
    for await (const entry of exportAudit(views.pool, { ownerId })) exported.push(entry);
    expect(paged).toHaveLength(10);
    expect(exported).toEqual(paged);
    for (const cursor of [
      '',
      encodeCursor(['-1']),
      encodeCursor(['9'.repeat(19)]),
      encodeCursor(['1', '2']),
    ]) {
      await expect(auditOf(views.pool, { ownerId, limit: 1, cursor })).rejects.toBeInstanceOf(InvalidCursor);
    }
  });

  test('C71 nothing sealed is in any row', async () => {
    const scenario = newStore();
    await recordScenario(scenario);
    await rebuild(auditTrail, scenario, views.pool);
    const rows = await views.sql('SELECT entries::text AS text FROM view_audit_trail.entries');
    expect(rows.length).toBeGreaterThan(50);
    expect(JSON.stringify(rows)).not.toContain(SEALED_TEXT);
  });
});

test('of a spare project its owner reads what came with the claim and after it, in one batch or in many', async () => {
  const ownerId = 'own_0000000000000005';
  const store = newStore();
  const id = newProjectId();
  const { ready, claimed } = spare(id, ownerId);
  for (const event of [...ready, ...claimed, { type: 'ProjectRenamed', data: { displayName: 'x' } } as const])
    await record(store, projectStream(id), [event]);
  const chosen = newProjectId();
  await record(store, projectStream(chosen), [{ type: 'SpareChosen', data: { spare: id } }]);
  const views = await ViewDatabase.create();
  try {
    for (const batchSize of [5_000, 1]) {
      await rebuild(auditTrail, store, views.pool, { batchSize });
      const typesOf = async (whose: Omit<Parameters<typeof auditOf>[1], 'limit'>) =>
        (await auditOf(views.pool, { ...whose, limit: 100 })).entries.map(({ type }) => type).toReversed();
      expect(await typesOf({ ownerId })).toEqual(['SpareClaimed', 'ProjectActivated', 'ProjectRenamed']);
      expect(await typesOf({ ownerId: null, projectId: id })).toHaveLength(ready.length + 3);
      const types = [...ready, ...claimed].map(({ type }) => type);
      const { moments } = await momentsOf(views.pool, {
        ownerId,
        projectId: id,
        types,
        routine: [],
        most: 100,
      });
      expect(moments.map(({ type }) => type)).toEqual(['SpareClaimed', 'ProjectActivated']);
    }
  } finally {
    await views[Symbol.asyncDispose]();
  }
});

describe('what an entry was caused by, and what it has caused', () => {
  const [ownerId, other] = ['own_0000000000000003', 'own_0000000000000004'];
  const store = newStore();
  let views: ViewDatabase;

  beforeAll(async () => {
    views = await ViewDatabase.create();
    const id = newProjectId();
    const asked = byOwner(ownerId);
    await record(store, projectStream(id), [requested(id, { ownerId })], asked);
    const [request] = await store.readStream(projectStream(id));
    // of another correlation, as when an operator has a step tried again
    const caused = { ...byOwner(ownerId), causationId: request!.id };
    await record(store, projectStream(id), PROVISIONED.slice(0, 2), caused);
    await record(store, `owner-${other}`, [fact('OwnerSignedIn')], { ...caused, causationId: request!.id });
    await record(store, `owner-${ownerId}`, [fact('OwnerSignedOut')], { ...asked, causationId: 'no uuid' });
    await rebuild(auditTrail, store, views.pool);
  });
  afterAll(() => views[Symbol.asyncDispose]());

  const around = async (whose: string, type: string) => {
    const [entry] = (await auditOf(views.pool, { ownerId: whose, type, limit: 1 })).entries;
    const { cause, effects } = await aroundEntry(views.pool, whose, entry!);
    return [cause?.type, ...effects.map((effect) => effect.type)];
  };

  test('in both directions, across correlations', async () => {
    expect(await around(ownerId, 'ProjectRequested')).toEqual([
      undefined,
      'DatabaseCreated',
      'DatabaseUsersCreated',
    ]);
    expect(await around(ownerId, 'DatabaseUsersCreated')).toEqual(['ProjectRequested']);
  });

  test('of somebody else nothing, and a cause that is no event is none', async () => {
    expect(await around(other, 'OwnerSignedIn')).toEqual([undefined]);
    expect(await around(ownerId, 'OwnerSignedOut')).toEqual([undefined]);
  });
});

describe('moments', () => {
  const ownerId = 'own_0000000000000005';
  const [mine, theirs] = [newProjectId(), newProjectId()];
  let now = new Date(0);
  const store = newStore(() => now);
  let views: ViewDatabase;

  // each at its own second
  const add = async (id: typeof mine, event: Parameters<typeof record>[2][number], whose = ownerId) => {
    now = new Date(now.getTime() + 1000);
    await record(store, projectStream(id), [event], byOwner(whose));
  };
  beforeAll(async () => {
    views = await ViewDatabase.create();
    await add(mine, requested(mine, { ownerId }));
    for (const event of PROVISIONED) await add(mine, event);
    await add(theirs, requested(theirs, { ownerId: 'own_0000000000000006' }), 'own_0000000000000006');
    for (let nth = 1; nth <= 10; nth++) {
      await add(mine, fact('ProjectSlept'));
      if (nth === 5) await add(mine, { type: 'ProjectRenamed', data: { displayName: 'Five' } });
      await add(mine, fact('ProjectWoken'));
    }
    await rebuild(auditTrail, store, views.pool);
  });
  afterAll(() => views[Symbol.asyncDispose]());

  const types = ['ProjectRequested', 'ProjectActivated', 'ProjectRenamed', 'ProjectSlept', 'ProjectWoken'];
  const routine = ['ProjectSlept', 'ProjectWoken'];
  const of = (more: { most?: number; since?: Date; until?: Date; whose?: string } = {}) =>
    momentsOf(views.pool, {
      ownerId: more.whose ?? ownerId,
      projectId: mine,
      types,
      routine,
      most: 500,
      ...more,
    });

  test('all, oldest first, where there is room', async () => {
    const { moments, total } = await of();
    expect(total).toBe(23);
    expect(moments.slice(0, 3).map(({ type }) => type)).toEqual([
      'ProjectRequested',
      'ProjectActivated',
      'ProjectSlept',
    ]);
    expect(moments.map(({ standsFor }) => standsFor)).toEqual(Array(23).fill(1));
    const times = moments.map(({ recordedAt }) => recordedAt.getTime());
    expect(times).toEqual(times.toSorted((one, another) => one - another));
  });

  test('thinned, what comes and goes by itself goes first', async () => {
    const { moments, total } = await of({ most: 4 });
    expect(total).toBe(23);
    expect(moments.map(({ type, standsFor }) => [type, standsFor])).toEqual([
      ['ProjectActivated', 6],
      ['ProjectRenamed', 6],
      ['ProjectSlept', 6],
      ['ProjectWoken', 5],
    ]);
    expect((await of({ most: 1 })).moments.map(({ type }) => type)).toEqual(['ProjectRenamed']);
  });

  test('each says from when to when it stands for others, without a gap', async () => {
    const all = (await of()).moments.map(({ recordedAt }) => recordedAt.getTime());
    const { moments } = await of({ most: 4 });
    const stretches = moments.map(({ from, through }) => [from.getTime(), through.getTime()]);
    expect(stretches).toEqual([
      [all[0], all[5]],
      [all[6], all[11]],
      [all[12], all[17]],
      [all[18], all[22]],
    ]);
    const second = await of({ since: moments[1]!.from, until: moments[2]!.from });
    expect(second.moments.map(({ recordedAt }) => recordedAt.getTime())).toEqual(all.slice(6, 12));
  });

  test('no more are looked at than may be, the newest; the others are reached by their time', async () => {
    const asking = { ownerId, projectId: mine, types, routine, most: 4 };
    const all = (await of()).moments;
    const newest = await momentsOf(views.pool, asking, 8);
    expect([newest.total, newest.isCut, newest.moments[0]?.from]).toEqual([8, true, all[15]?.recordedAt]);
    const before = await momentsOf(views.pool, { ...asking, until: newest.moments[0]!.from }, 15);
    expect([before.total, before.isCut]).toEqual([15, false]);
  });

  test('of a stretch of time, and of nobody else', async () => {
    const { moments } = await of();
    const [since, until] = [moments[1]!.recordedAt, moments[3]!.recordedAt];
    expect((await of({ since, until })).moments.map(({ type }) => type)).toEqual([
      'ProjectActivated',
      'ProjectSlept',
    ]);
    expect(await of({ whose: 'own_0000000000000006' })).toEqual({ moments: [], total: 0, isCut: false });
  });
});
