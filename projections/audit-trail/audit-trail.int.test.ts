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
  ViewDatabase,
} from '../projection.contract.ts';
import { rebuild } from '../rebuild.ts';
import { auditTrail } from './audit-trail.ts';
import { auditOf, exportAudit, type AuditEntry } from './queries.ts';

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
