/** What a session for an owner's migrations must do. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { MigrationFile } from '../../domain/migration/migration-file.ts';
import { versionOf } from '../../domain/migration/migration-file.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { MigrationsBusy, type MigrationSession, type OwnerMigrations } from './owner-migrations.ts';

export interface OwnerMigrationsHarness {
  readonly ownerMigrations: OwnerMigrations;
  readonly project: ProjectId;
  readonly ownerPassword: string;
  /** the owner's SQL, in another session; rows as arrays */
  sql(text: string): Promise<unknown[][]>;
  /** the owner's SQL in a transaction that stays open until it is released */
  hold(text: string): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

const NO_TRANSACTION = '-- launchdb: no-transaction\n';

export function ownerMigrationsContract(name: string, make: () => Promise<OwnerMigrationsHarness>): void {
  describe(`${name}: migrations of owners`, () => {
    let harness: OwnerMigrationsHarness;
    let number = 0;
    beforeAll(async () => {
      harness = await make();
    });
    afterAll(() => harness.close());

    const fileOf = (sql: string): MigrationFile => {
      number += 1;
      const called = `${String(number).padStart(4, '0')}_test.sql`;
      const checksum = harness.ownerMigrations.checksum(sql);
      return { version: versionOf(called)!, name: called, sql, checksum };
    };
    const within = <T>(
      work: (session: MigrationSession) => Promise<T>,
      limits = {},
      signal = new AbortController().signal,
    ) =>
      harness.ownerMigrations.exclusively(
        { project: harness.project, ownerPassword: harness.ownerPassword },
        { statementTimeoutMs: 20_000, lockTimeoutMs: 500, waitMs: 20_000, ...limits },
        signal,
        work,
      );
    const apply = (sql: string, limits = {}) => within((session) => session.apply(fileOf(sql)), limits);
    const exists = async (table: string) =>
      (await harness.sql(`SELECT to_regclass('${table}') IS NOT NULL`))[0]?.[0] === true;

    test('nothing is applied to a new project', async () => {
      expect(await harness.ownerMigrations.list(harness.project)).toEqual([]);
      expect(await harness.ownerMigrations.sqlOf(harness.project, 1)).toBeUndefined();
      expect(await within((session) => session.applied())).toEqual([]);
    });

    test('a file is applied as the owner, and its row tells of it', async () => {
      const sql = `CREATE TABLE a (n int); INSERT INTO a VALUES (1); CREATE TABLE who AS SELECT current_user::text AS name, session_user::text`;
      const row = await apply(sql);
      expect(row).toMatchObject({ name: '0001_test.sql', version: 1 });
      expect(row.checksum).toBe(harness.ownerMigrations.checksum(sql));
      expect(await harness.ownerMigrations.list(harness.project)).toEqual([row]);
      expect(await harness.ownerMigrations.sqlOf(harness.project, 1)).toBe(sql);
      const owner = `${harness.project}_owner`;
      expect(await harness.sql('SELECT * FROM who')).toEqual([[owner, owner]]);
    });

    test('what fails leaves nothing, and says where', async () => {
      const sql = `-- é \u{1F600}\nCREATE TABLE b (n int);\n\n  SELECT 'ä', nope FROM b`;
      const failed = await apply(sql).catch((error: unknown) => error);
      expect(failed).toMatchObject({ name: 'SqlFailed', code: '42703' });
      const { position } = failed as { position: number };
      expect(
        Array.from(sql)
          .slice(position - 1)
          .join(''),
      ).toBe('nope FROM b');
      expect(await exists('b')).toBe(false);
      expect(await harness.ownerMigrations.list(harness.project)).toHaveLength(1);
    });

    test('an error without a place of its own is that of its statement', async () => {
      const sql = `SELECT 1;\n/* ; */ SELECT 1 / (n - 1) FROM a; SELECT 3`;
      const failed = await apply(sql).catch((error: unknown) => error);
      expect(failed).toMatchObject({ code: '22012', position: sql.indexOf('SELECT 1 /') + 1 });
      const inside = `SELECT 1; DO $$ BEGIN PERFORM nope(); END $$`;
      expect(await apply(inside).catch((error: unknown) => error)).toMatchObject({
        code: '42883',
        position: inside.indexOf('DO') + 1,
      });
    });

    test('functions, quotes and rules with semicolons inside are what they are', async () => {
      await apply(`CREATE FUNCTION f(n int) RETURNS text LANGUAGE sql AS $x$ SELECT 'a;b' || $$;$$ $x$;
        CREATE FUNCTION g() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END;
        CREATE TABLE "odd;name" (t text DEFAULT 'it''s; \\', e text DEFAULT E'\\';');
        CREATE RULE r AS ON INSERT TO "odd;name" DO ALSO (SELECT 1; SELECT 2)`);
      expect(await harness.sql(`SELECT f(1), g()`)).toEqual([['a;b;', 2]]);
      await harness.sql(`INSERT INTO "odd;name" DEFAULT VALUES`);
      expect(await harness.sql(`SELECT * FROM "odd;name"`)).toEqual([[`it's; \\`, `';`]]);
    });

    test.each([
      'COMMIT',
      'ROLLBACK',
      'BEGIN',
      'SAVEPOINT x',
      'DO $$ BEGIN COMMIT; END $$',
      'ABORT AND CHAIN',
    ])('no file leaves its transaction: %s', async (statement) => {
      const sql = `CREATE TABLE left_behind (); ${statement}; SELECT 1`;
      for (const run of [
        () => apply(sql),
        () => within((session) => session.rehearse(fileOf(sql))),
        () => within((session) => session.rehearse(fileOf(`${sql}; SELECT $$; SELECT 1`))),
      ]) {
        await expect(run()).rejects.toMatchObject({ name: 'SqlFailed' });
      }
      expect(await exists('left_behind')).toBe(false);
    });

    test('what is checked at the end fails the file, in a rehearsal too', async () => {
      const sql =
        'CREATE TABLE later (n int UNIQUE DEFERRABLE INITIALLY DEFERRED); INSERT INTO later VALUES (1), (1)';
      await expect(apply(sql)).rejects.toMatchObject({ code: '23505' });
      const rehearsal = within((session) => session.rehearse(fileOf(sql)));
      await expect(rehearsal).rejects.toMatchObject({ code: '23505' });
      expect(await exists('later')).toBe(false);
    });

    test('files are rehearsed one after the other, and nothing of them stays', async () => {
      const before = await harness.ownerMigrations.list(harness.project);
      await within(async (session) => {
        expect(await session.rehearse(fileOf('CREATE TABLE c (n int)'))).toBeGreaterThanOrEqual(0);
        await session.rehearse(fileOf('INSERT INTO c VALUES (1)'));
      });
      expect(await exists('c')).toBe(false);
      expect(await harness.ownerMigrations.list(harness.project)).toEqual(before);
    });

    test('what needs no transaction runs without one, and is one statement', async () => {
      await apply(`${NO_TRANSACTION}CREATE INDEX CONCURRENTLY a_n ON a (n);`);
      expect(await exists('a_n')).toBe(true);
      await expect(apply('CREATE INDEX CONCURRENTLY a_m ON a (n)')).rejects.toMatchObject({ code: '25001' });
      const twice = `${NO_TRANSACTION}CREATE INDEX CONCURRENTLY a_n ON a (n)`;
      await expect(apply(twice)).rejects.toMatchObject({ code: '42P07' });
      const wrong = `${NO_TRANSACTION}\nCREATE INDEX a_o ON a (nope)`;
      await expect(apply(wrong)).rejects.toMatchObject({
        code: '42703',
        position: NO_TRANSACTION.length + 2,
      });
    });

    test('one file leaves no role, setting or temporary table to the next', async () => {
      await within(async (session) => {
        await session.apply(fileOf('CREATE TEMP TABLE t (); SET search_path = pg_catalog'));
        await session.apply(fileOf('SET ROLE authenticated'));
        await session.apply(
          fileOf(`CREATE TABLE after_it AS SELECT current_user::text, to_regclass('t') AS t`),
        );
      });
      expect(await harness.sql('SELECT * FROM public.after_it')).toEqual([
        [`${harness.project}_owner`, null],
      ]);
    });

    test('time is bounded, also for what waits for a lock', async () => {
      const slow = apply('SELECT pg_sleep(60)', { statementTimeoutMs: 300 });
      await expect(slow).rejects.toMatchObject({ code: '57014' });
      const release = await harness.hold('LOCK TABLE a');
      await expect(apply('LOCK TABLE a', { lockTimeoutMs: 100 })).rejects.toMatchObject({ code: '55P03' });
      await release();
    });

    test('two at once are one after the other; who does not want to wait is told', async () => {
      const order: string[] = [];
      let tooMany = 0;
      let inside = 0;
      await Promise.all(
        Array.from({ length: 4 }, (_, at) =>
          within(async (session) => {
            inside += 1;
            tooMany = Math.max(tooMany, inside);
            await session.apply(fileOf(`CREATE TABLE at_${at} ()`));
            order.push('done');
            if (at === 0)
              await expect(within(async () => {}, { waitMs: 100 })).rejects.toBeInstanceOf(MigrationsBusy);
            inside -= 1;
          }),
        ),
      );
      expect([order.length, tooMany]).toEqual([4, 1]);
    });

    test('nobody waits any more: it ends, and nothing stays', async () => {
      const gone = new AbortController();
      const running = within(
        (session) =>
          session.apply(
            fileOf(
              `CREATE TABLE never (); SET statement_timeout = 0; SELECT pg_advisory_lock(43), pg_sleep(600)`,
            ),
          ),
        {},
        gone.signal,
      );
      running.catch(() => {});
      await expect
        .poll(() => harness.sql('SELECT pg_try_advisory_xact_lock(43)'), { timeout: 10_000 })
        .toEqual([[false]]);
      gone.abort();
      await expect(running).rejects.toMatchObject({ name: 'Unavailable' });
      expect(await within((session) => session.applied())).not.toHaveLength(0);
      expect(await exists('never')).toBe(false);
      await expect(within(async () => {}, {}, AbortSignal.abort())).rejects.toMatchObject({
        name: 'Unavailable',
      });
    });

    test.each([
      'UPDATE launchdb.owner_migrations SET checksum = checksum',
      'DELETE FROM launchdb.owner_migrations',
      'DROP TABLE launchdb.owner_migrations',
      'CREATE TRIGGER t BEFORE INSERT ON launchdb.owner_migrations EXECUTE FUNCTION suppress_redundant_updates_trigger()',
      'CREATE TABLE launchdb.mine ()',
      `COPY (SELECT 1) TO PROGRAM 'id'`,
    ])('the owner may not: %s', async (statement) => {
      await expect(apply(statement)).rejects.toMatchObject({
        code: expect.stringMatching('42501|42809') as string,
      });
    });
  });
}
