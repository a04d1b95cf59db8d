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
      `PREPARE TRANSACTION 'x'`,
      '-- \rCOMMIT',
      'COPY left_behind FROM STDIN -- \r; COMMIT',
      'SELECT 1 AS n INTO also -- \r; COMMIT',
      'CREATE PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$; CALL p()',
      `SET standard_conforming_strings = off; SELECT 'a\\'; COMMIT; --'`,
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

    test('what psql runs in one transaction runs: SELECT INTO, COPY with its data, what pg_dump writes', async () => {
      await apply(`\\restrict token
        SET client_encoding = 'UTF8'; SET standard_conforming_strings = on; SET check_function_bodies = false;
        SELECT pg_catalog.set_config('search_path', '', false);
        CREATE TABLE public.s1 (n integer, t text);
COPY public.s1 (n, t) FROM stdin;
1\ta;\\n'
2\tü\\\\$$
3\t\\N
\\.

        SELECT * INTO public.s2 FROM public.s1 WHERE n < 3;
        WITH x AS (SELECT * FROM public.s1) SELECT n INTO public.s3 FROM x;
COPY public.s1 FROM STDIN WITH (FORMAT csv);
4,"c;
d"
\\.
        \\unrestrict token`);
      expect(await harness.sql('SELECT * FROM public.s1 ORDER BY n')).toEqual([
        [1, `a;\n'`],
        [2, 'ü\\$$'],
        [3, null],
        [4, 'c;\nd'],
      ]);
      expect(await harness.sql('SELECT * FROM s2 ORDER BY n')).toHaveLength(2);
      expect(await harness.sql('SELECT * FROM s3')).toHaveLength(3);
      const again = `SELECT 5 AS n INTO s4;\nCOPY s1 FROM stdin;\n6\tx\n\\.\n`;
      await within((session) => session.rehearse(fileOf(again)));
      expect([await exists('s4'), await harness.sql('SELECT 1 FROM s1 WHERE n = 6')]).toEqual([false, []]);
    });

    test.each([
      ['7\tx\nseven\ty\n\\.\n', '22P02', 'seven'],
      ['7\n\\.', '22P04', '7\n'],
      ['', undefined, undefined],
    ])(
      'wrong data of a COPY (%j) is refused at its line, and the session goes on',
      async (data, code, place) => {
        const sql = `COPY s1 FROM stdin;\n${data}`;
        await within(async (session) => {
          const failed = await session.apply(fileOf(sql)).catch((error: unknown) => error);
          if (code === undefined) expect(failed).toMatchObject({ version: number });
          else expect(failed).toMatchObject({ name: 'SqlFailed', code, position: sql.indexOf(place) + 1 });
          expect(await session.applied()).not.toHaveLength(0);
        });
        const refused = apply(
          'CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE $x$no$x$; END $$;' +
            'CREATE TRIGGER no BEFORE INSERT ON s1 FOR EACH STATEMENT EXECUTE FUNCTION no();\n' +
            `COPY s1 FROM stdin;\n${'8\tx\n'.repeat(20_000)}`,
        );
        await expect(refused).rejects.toMatchObject({ code: 'P0001' });
      },
    );

    test.each([
      ['COPY s1 TO STDOUT', /COPY [.]{3} TO STDOUT/],
      ['COPY s1 FROM STDIN; SELECT 1', /on the lines below it/],
      ['SAVEPOINT s', /EXCEPTION/],
      [`SET client_encoding = 'LATIN1'; CREATE TABLE latin AS SELECT 'Müller'`, /Unicode/],
      [`SELECT set_config('client_' || 'encoding', 'LATIN1', true)`, /Unicode/],
      ['SET standard_conforming_strings = off', /E'[.]{3}'/],
      ['SET TRANSACTION READ ONLY', /SET TRANSACTION READ ONLY/],
    ])('%s is refused with what to write instead', async (sql, hint) => {
      const refused = await apply(sql).catch((error: unknown) => error);
      expect(refused).toMatchObject({ name: 'SqlFailed', hint: expect.stringMatching(hint) as string });
    });

    test.each([
      `SET datestyle TO 'SQL, DMY'`,
      `SET timezone TO 'Asia/Kolkata'`,
      `SET LOCAL datestyle TO 'German'; SET intervalstyle = 'iso_8601'`,
      `SET statement_timeout = 1`,
      `SET search_path = ''; SET ROLE authenticated`,
      'SET default_transaction_read_only = on',
      `DECLARE open_end CURSOR WITH HOLD FOR SELECT 1`,
    ])('%s holds for the file, and not for what is noted of it', async (sql) => {
      const [[now] = []] = await harness.sql('SELECT extract(epoch FROM now())::float8 * 1000');
      const row = await apply(sql);
      expect(Math.abs(row.appliedAt.getTime() - Number(now))).toBeLessThan(600_000);
      expect((await harness.ownerMigrations.list(harness.project)).at(-1)).toEqual(row);
    });

    test.each([
      ['datestyle', 'German'],
      ['timezone', 'Asia/Kolkata'],
      ['client_encoding', 'LATIN1'],
      ['standard_conforming_strings', 'off'],
      ['role', 'authenticated'],
      ['exit_on_error', 'on'],
      ['idle_session_timeout', '1'],
      ['bytea_output', 'escape'],
    ])("%s = '%s' as a setting of the owner's role does no harm", async (name, value) => {
      await harness.sql(`ALTER ROLE CURRENT_USER SET ${name} = '${value}'`);
      try {
        await within(async (session) => {
          await expect(session.apply(fileOf('SELECT 1/0'))).rejects.toMatchObject({ code: '22012' });
          const row = await session.apply(fileOf(`CREATE TABLE "Müller_${name}" AS SELECT 'a\\' AS t`));
          expect(await session.applied()).toContainEqual(row);
        });
        expect(await harness.sql(`SELECT t FROM "Müller_${name}"`)).toEqual([['a\\']]);
      } finally {
        await harness.sql(`ALTER ROLE CURRENT_USER RESET ${name}`);
      }
    });

    test('what is deferred is checked with what the file has set', async () => {
      await apply(`CREATE TABLE in_order (n int);
        CREATE FUNCTION here() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM 1 FROM only_there; RETURN NULL; END $$;
        CREATE SCHEMA there; CREATE TABLE there.only_there ();
        CREATE CONSTRAINT TRIGGER t AFTER INSERT ON in_order DEFERRABLE INITIALLY DEFERRED
          FOR EACH ROW EXECUTE FUNCTION here();
        SET search_path = public, there; INSERT INTO in_order VALUES (1)`);
    });

    test('SET TRANSACTION comes first', async () => {
      await apply('SET TRANSACTION ISOLATION LEVEL SERIALIZABLE; CREATE TABLE serial_one ()');
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
