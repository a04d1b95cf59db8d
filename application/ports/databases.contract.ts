import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectId, type ProjectId } from '../../domain/project/project-id.ts';
import { Refused } from '../errors.ts';
import { PLATFORM_LIMITS } from '../../domain/project/events.ts';
import { boundsOf } from '../../domain/project/limits.ts';
import type { LoginBounds } from '../../domain/project/project-logins.ts';
import type { Databases } from './databases.ts';
import type { DatabaseLogins } from './secrets.ts';

export interface DatabasesHarness {
  readonly databases: Databases;
  readonly logins: DatabaseLogins;
  /** of another password */
  readonly otherVerifier: string;
  /** somebody else's database of that name */
  makeForeign(project: ProjectId): Promise<void>;
  removeForeign(project: ProjectId): Promise<void>;
  canConnect(project: ProjectId): Promise<boolean>;
  close(): Promise<void>;
}

/** of a project like any other */
export const USUAL_BOUNDS = boundsOf({ limits: PLATFORM_LIMITS, fill: null });

export const newProject = (): ProjectId => projectId(`proj_${randomBytes(8).toString('hex')}`);

export function databasesContract(name: string, make: () => Promise<DatabasesHarness>): void {
  describe(`${name}: databases`, () => {
    let harness: DatabasesHarness;
    let databases: Databases;
    const project = newProject();
    beforeAll(async () => {
      harness = await make();
      ({ databases } = harness);
    });
    afterAll(() => harness.close());

    test('ensured twice there is one, and it lets its logins in', async () => {
      await databases.ensureDatabase(project, 1);
      await databases.ensureDatabase(project, 1);
      await databases.ensureUsers(project, harness.logins, USUAL_BOUNDS);
      await databases.ensureUsers(project, harness.logins, USUAL_BOUNDS);
      expect((await databases.list()).filter((id) => id === project)).toEqual([project]);
      expect(await harness.canConnect(project)).toBe(true);
    });

    test('logins and their rights come in two halves, in which they are whole; each of them twice', async () => {
      const [halved, { logins }] = [newProject(), harness];
      await databases.ensureDatabase(halved, 1);
      for (const half of ['ensureLogins', 'ensureRights'] as const) {
        await databases[half](halved, logins, USUAL_BOUNDS);
        await databases[half](halved, logins, USUAL_BOUNDS);
        const state = await databases.state(halved, logins, USUAL_BOUNDS);
        expect(state).toEqual({ database: 'open', users: 'as-wanted' });
        expect(await harness.canConnect(halved)).toBe(true);
      }
      await databases.removeUsers(halved);
      await databases.dropDatabase(halved);
      for (const half of ['ensureLogins', 'ensureRights'] as const)
        await expect(databases[half](halved, logins, USUAL_BOUNDS)).rejects.toThrow(Refused);
    });

    test('of what is stopped before it began nothing is done', async () => {
      const [stopped, { logins }] = [newProject(), harness];
      const signal = AbortSignal.abort(new Error('stopped'));
      await expect(databases.ensureDatabase(stopped, 1, signal)).rejects.toThrow();
      await databases.ensureDatabase(stopped, 1);
      await expect(databases.ensureUsers(stopped, logins, USUAL_BOUNDS, signal)).rejects.toThrow();
      const state = await databases.state(stopped, logins, USUAL_BOUNDS);
      expect(state).toEqual({ database: 'open', users: 'absent' });
      await databases.dropDatabase(stopped);
    });

    test('closed it lets nobody in until it is opened', async () => {
      await databases.refuseConnections(project);
      await databases.refuseConnections(project);
      expect(await harness.canConnect(project)).toBe(false);
      await databases.allowConnections(project);
      await databases.allowConnections(project);
      expect(await harness.canConnect(project)).toBe(true);
    });

    test('says how what stands compares with what is wanted', async () => {
      const [looked, { owner, authenticator }] = [newProject(), harness.logins];
      const other = { owner: { ...owner, verifier: harness.otherVerifier }, authenticator };
      const state = (bounds: LoginBounds = USUAL_BOUNDS) => databases.state(looked, harness.logins, bounds);
      expect(await state()).toEqual({ database: 'absent', users: 'absent' });
      await databases.ensureDatabase(looked, 1);
      await databases.ensureUsers(looked, harness.logins, USUAL_BOUNDS);
      expect(await state()).toEqual({ database: 'open', users: 'as-wanted' });
      await databases.ensureUsers(looked, other, USUAL_BOUNDS);
      expect(await state()).toEqual({ database: 'open', users: 'different' });
      await databases.ensureUsers(looked, harness.logins, USUAL_BOUNDS);
      for (const changed of [{ readOnly: true }, { connections: 0 }]) {
        const bounds = { ...USUAL_BOUNDS, ...changed };
        expect(await state(bounds)).toEqual({ database: 'open', users: 'different' });
        await databases.ensureUsers(looked, harness.logins, bounds);
        expect(await state(bounds)).toEqual({ database: 'open', users: 'as-wanted' });
        expect(await state()).toEqual({ database: 'open', users: 'different' });
        await databases.ensureUsers(looked, harness.logins, USUAL_BOUNDS);
        expect(await state()).toEqual({ database: 'open', users: 'as-wanted' });
      }
      await databases.refuseConnections(looked);
      expect(await state()).toEqual({ database: 'closed', users: 'as-wanted' });
      await databases.dropDatabase(looked);
      expect(await state()).toEqual({ database: 'absent', users: 'as-wanted' });
      await databases.removeUsers(looked);
      expect(await state()).toEqual({ database: 'absent', users: 'absent' });
    });

    test('says of many at once what it says of each', async () => {
      const [whole, other, closed] = [newProject(), newProject(), newProject()];
      const [foreign, missing] = [newProject(), newProject()];
      const { logins } = harness;
      for (const made of [whole, other, closed]) {
        await databases.ensureDatabase(made, 1);
        await databases.ensureUsers(made, logins, USUAL_BOUNDS);
      }
      await databases.refuseConnections(closed);
      await harness.makeForeign(foreign);
      const readOnly = { ...USUAL_BOUNDS, readOnly: true };
      const wanted = [whole, other, closed, foreign, missing].map((one) => ({
        project: one,
        logins,
        bounds: one === other ? readOnly : USUAL_BOUNDS,
      }));
      const standings = await databases.states(wanted);
      expect([...standings.values()]).toEqual([
        { database: 'open', users: 'as-wanted' },
        { database: 'open', users: 'different' },
        { database: 'closed', users: 'as-wanted' },
        { database: 'foreign', users: 'absent' },
        { database: 'absent', users: 'absent' },
      ]);
      for (const { project: one, bounds } of wanted)
        expect(await databases.state(one, logins, bounds)).toEqual(standings.get(one));
      expect(await databases.states([])).toEqual(new Map());
      await harness.removeForeign(foreign);
      for (const made of [whole, other, closed]) {
        await databases.dropDatabase(made);
        await databases.removeUsers(made);
      }
    });

    test.each([
      ['the logins first', ['removeUsers', 'dropDatabase']],
      ['the database first', ['dropDatabase', 'removeUsers']],
    ] as const)('removed twice, %s, nothing is left', async (_title, order) => {
      await databases.ensureDatabase(project, 1);
      await databases.ensureUsers(project, harness.logins, USUAL_BOUNDS);
      for (const remove of order) {
        await databases[remove](project);
        await databases[remove](project);
      }
      expect(await databases.list()).not.toContain(project);
      expect(await harness.canConnect(project)).toBe(false);
    });

    test('there may be no sessions to end, and with no connections at all nobody gets in', async () => {
      const bounded = newProject();
      await expect(databases.endOwnerSessions(bounded, 'all')).rejects.toThrow(Refused);
      await databases.ensureDatabase(bounded, 1);
      await databases.ensureUsers(bounded, harness.logins, USUAL_BOUNDS);
      await databases.endOwnerSessions(bounded, 'all');
      await databases.endOwnerSessions(bounded, 'idle');
      expect(await harness.canConnect(bounded)).toBe(true);
      await databases.ensureUsers(bounded, harness.logins, { ...USUAL_BOUNDS, connections: 0 });
      expect(await harness.canConnect(bounded)).toBe(false);
      await databases.dropDatabase(bounded);
      await databases.removeUsers(bounded);
    });

    test('a missing database cannot be opened, closed or given users', async () => {
      const missing = newProject();
      await expect(databases.allowConnections(missing)).rejects.toThrow(Refused);
      await expect(databases.refuseConnections(missing)).rejects.toThrow(Refused);
      await expect(databases.ensureUsers(missing, harness.logins, USUAL_BOUNDS)).rejects.toThrow(Refused);
      expect(await databases.list()).not.toContain(missing);
    });

    test('logins without a database are still listed, so that they are found', async () => {
      const left = newProject();
      await databases.ensureDatabase(left, 1);
      await databases.ensureUsers(left, harness.logins, USUAL_BOUNDS);
      await databases.dropDatabase(left);
      expect(await databases.list()).toContain(left);
      await databases.removeUsers(left);
      expect(await databases.list()).not.toContain(left);
    });

    test('closed, logins can be removed, and it stays closed to new ones', async () => {
      const closed = newProject();
      await databases.ensureDatabase(closed, 1);
      await databases.ensureUsers(closed, harness.logins, USUAL_BOUNDS);
      await databases.refuseConnections(closed);
      await databases.removeUsers(closed);
      await databases.ensureUsers(closed, harness.logins, USUAL_BOUNDS).catch(() => {});
      expect(await harness.canConnect(closed)).toBe(false);
      await databases.dropDatabase(closed);
      await databases.removeUsers(closed);
    });

    test('the same at once is done once', async () => {
      const twice = newProject();
      const both = (work: () => Promise<void>) => Promise.all([work(), work(), work()]);
      await both(() => databases.ensureDatabase(twice, 1));
      await both(() => databases.ensureUsers(twice, harness.logins, USUAL_BOUNDS));
      expect(await harness.canConnect(twice)).toBe(true);
      await both(() => databases.removeUsers(twice));
      await both(() => databases.dropDatabase(twice));
      expect(await databases.list()).not.toContain(twice);
    });

    test('E69 a foreign database of the same name is refused and left alone', async () => {
      const foreign = newProject();
      await harness.makeForeign(foreign);
      try {
        await expect(databases.ensureDatabase(foreign, 1)).rejects.toThrow(Refused);
        await expect(databases.refuseConnections(foreign)).rejects.toThrow(Refused);
        // there is nothing of ours to remove, and what is there stays
        await databases.dropDatabase(foreign);
        await databases.removeUsers(foreign);
        await expect(databases.ensureDatabase(foreign, 1)).rejects.toThrow(Refused);
      } finally {
        await harness.removeForeign(foreign);
      }
    });

    test('many at once', async () => {
      const many = Array.from({ length: 6 }, newProject);
      await Promise.all(many.map((id) => databases.ensureDatabase(id, 1)));
      await Promise.all(many.map((id) => databases.ensureUsers(id, harness.logins, USUAL_BOUNDS)));
      expect(await databases.list()).toEqual(expect.arrayContaining(many));
      await Promise.all(many.map((id) => databases.dropDatabase(id)));
      await Promise.all(many.map((id) => databases.removeUsers(id)));
    });
  });
}
