/** What running an owner's SQL must do. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exactJson, parseExactJson } from '../../domain/json-text.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { SqlFailed, type ProjectSql } from './project-sql.ts';

export interface ProjectSqlHarness {
  readonly sql: ProjectSql;
  readonly project: ProjectId;
  readonly ownerPassword: string;
  close(): Promise<void>;
}

export function projectSqlContract(name: string, make: () => Promise<ProjectSqlHarness>): void {
  describe(`${name}: SQL of owners`, () => {
    let harness: ProjectSqlHarness;
    const run = (query: string, params?: unknown[], signal = new AbortController().signal) =>
      harness.sql.run(harness.project, harness.ownerPassword, { query, ...(params && { params }) }, signal);
    const failed = (code: string) => expect.objectContaining({ name: 'SqlFailed', code });

    beforeAll(async () => {
      harness = await make();
    });
    afterAll(() => harness.close());

    test('rows come as arrays, with the names and types of their columns', async () => {
      const { result, changedSchema, notices } = await run(`SELECT 1 AS id, 'one' AS name, 2 AS id`);
      expect(result).toEqual({
        command: 'SELECT',
        rowCount: 1,
        fields: [
          { name: 'id', dataTypeId: 23 },
          { name: 'name', dataTypeId: 25 },
          { name: 'id', dataTypeId: 23 },
        ],
        rows: [[1, 'one', 2]],
        truncated: false,
      });
      expect({ changedSchema, notices }).toEqual({ changedSchema: false, notices: [] });
    });

    test('values survive JSON', async () => {
      const { result } =
        await run(`SELECT 9007199254740993::bigint, 1.10::numeric, 'NaN'::float8, 1.5::float4,
        '2026-01-02 03:04:05.123456+00'::timestamptz AT TIME ZONE 'UTC', date '2026-01-02', '\\x00ff'::bytea,
        null, true, '{"a": [1, null]}'::jsonb, ARRAY[1, 2], ARRAY[1.10, 2.00], ARRAY['Infinity', 1]::float8[],
        ARRAY[date '2026-01-02', null], interval '1 day 2 hours', point '(1,2)', 'é\u{1F600}'`);
      const rows = [
        [
          '9007199254740993',
          '1.10',
          'NaN',
          1.5,
          '2026-01-02 03:04:05.123456',
          '2026-01-02',
          '\\x00ff',
          null,
          true,
          { a: [1, null] },
          [1, 2],
          ['1.10', '2.00'],
          ['Infinity', 1],
          ['2026-01-02', null],
          '1 day 02:00:00',
          '(1,2)',
          'é\u{1F600}',
        ],
      ];
      expect(JSON.parse(exactJson(result.rows))).toEqual(rows);
    });

    test('a document that is too deep for JSON.stringify is text; brackets in strings do not count', async () => {
      const { result } = await run(`SELECT (repeat('[', 5000) || repeat(']', 5000))::jsonb,
        to_jsonb(repeat('["\\', 1000)), ARRAY['{"a": 1}', null]::jsonb[]`);
      expect(JSON.parse(exactJson(result.rows))).toEqual([
        ['['.repeat(5000) + ']'.repeat(5000), '["\\'.repeat(1000), [{ a: 1 }, null]],
      ]);
    });

    test('what comes out is what the database has, to the last digit', async () => {
      const { result } = await run(`SELECT '{"id":9007199254740993,"x":1e400,"b":1, "1": -0}'::json,
        '{"id":9007199254740993,"x":1e400}'::jsonb, '{"a":1,"a":1.10}'::json, ARRAY['[12345678901234567890]'::jsonb],
        '-0'::float8, '{-0,0.1}'::float4[], '[0:1]={1,2}'::int[], '[5:5]={9007199254740993}'::int8[],
        'Infinity'::numeric, '4713-01-01 BC'::date, 'infinity'::timestamptz, row(1, '{"n":9007199254740993}'::jsonb),
        0.1::float8 + 0.2::float8`);
      expect(exactJson(result.rows)).toBe(
        '[[{"id":9007199254740993,"x":1e400,"b":1, "1": -0},' +
          `{"x": 1${'0'.repeat(400)}, "id": 9007199254740993},{"a":1,"a":1.10},[[12345678901234567890]],` +
          '-0,[-0,0.1],"[0:1]={1,2}","[5:5]={9007199254740993}","Infinity","4713-01-01 BC","infinity",' +
          String.raw`"(1,\"{\"\"n\"\": 9007199254740993}\")",0.30000000000000004]]`,
      );
    });

    test('what goes in is what was written, to the last digit', async () => {
      const params = parseExactJson(
        '[9007199254740993, 1e400, 1.10, {"n":[9007199254740993]}, [9007199254740993, 2], 1.0]',
      ) as unknown[];
      const { result } = await run(
        'SELECT $1::int8::text, $2::numeric::text, $3::numeric::text, $4::jsonb::text, $5::int8[]::text, $6::int::text',
        params,
      );
      const large = `1${'0'.repeat(400)}`;
      const rows = [
        '9007199254740993',
        large,
        '1.10',
        '{"n": [9007199254740993]}',
        '{9007199254740993,2}',
        '1',
      ];
      expect(result.rows).toEqual([rows]);
    });

    test.each([
      ['datestyle', 'German'],
      ['extra_float_digits', '0'],
      ['bytea_output', 'escape'],
      ['client_encoding', 'LATIN1'],
      ['role', 'authenticated'],
      ['exit_on_error', 'on'],
      ['idle_session_timeout', '1'],
    ])("%s = '%s' as a setting of the owner's role changes no answer", async (name, value) => {
      const query = `SELECT 'ü\u{1F600}', 0.1::float8 + 0.2::float8, '\\x00ff'::bytea, date '2026-01-13', current_user = session_user`;
      const { rows } = (await run(query)).result;
      await run(`ALTER ROLE CURRENT_USER SET ${name} = '${value}'`);
      try {
        expect((await run(query)).result.rows).toEqual(rows);
        await expect(run('SELECT 1/0')).rejects.toEqual(failed('22012'));
      } finally {
        await run(`ALTER ROLE CURRENT_USER RESET ${name}`);
      }
    });

    test('text in another encoding than Unicode is refused, not mangled', async () => {
      await expect(run(`SET client_encoding = 'LATIN1'; SELECT 'ü'`)).rejects.toEqual(failed('0A000'));
      expect((await run(`SET client_encoding = 'UTF8'; SELECT 'ü'`)).result.rows).toEqual([['ü']]);
    });

    test('parameters are values, never SQL', async () => {
      const hostile = `'; DROP TABLE x; --`;
      const { result } = await run('SELECT $1::text, $2::int, $3::jsonb, $4::text', [
        hostile,
        7,
        { a: 1 },
        null,
      ]);
      expect(JSON.parse(exactJson(result.rows))).toEqual([[hostile, 7, { a: 1 }, null]]);
    });

    test('of many statements the last one answers, and all of them are one transaction', async () => {
      const { result, changedSchema } = await run(
        `CREATE TABLE pair (n int); SELECT 'not this' FROM generate_series(1, 3); INSERT INTO pair VALUES (1), (2)`,
      );
      expect(result).toMatchObject({ command: 'INSERT', rowCount: 2, rows: [], truncated: false });
      expect(changedSchema).toBe(true);
      await expect(run('INSERT INTO pair VALUES (3); SELECT 1/0')).rejects.toEqual(failed('22012'));
      expect((await run('SELECT count(*) FROM pair')).result.rows).toEqual([['2']]);
    });

    test('what is empty answers nothing', async () => {
      for (const query of ['', ' ; ', '-- nothing']) {
        expect((await run(query)).result).toMatchObject({ command: null, rows: [], fields: [] });
      }
    });

    test('a wrong statement says where and why', async () => {
      await expect(run('SELEC 1')).rejects.toMatchObject({ code: '42601', position: 1 });
      await expect(run('SELECT nope FROM pg_class')).rejects.toMatchObject({ code: '42703', position: 8 });
      await expect(run(`DO $$ BEGIN RAISE 'no' USING DETAIL = 'why', HINT = 'try'; END $$`)).rejects.toEqual(
        expect.objectContaining({ message: 'no', code: 'P0001', detail: 'why', hint: 'try' }),
      );
      await expect(run('SELECT $1::int', ['x'])).rejects.toEqual(failed('22P02'));
      await expect(run('SELECT $1::int, $2::int', [1])).rejects.toBeInstanceOf(SqlFailed);
      await expect(run('SELECT 1; SELECT $1', [1])).rejects.toEqual(failed('42601'));
    });

    test('what a transaction learns at its end fails the statement too', async () => {
      await run('CREATE TABLE later (n int UNIQUE DEFERRABLE INITIALLY DEFERRED)');
      await expect(run('INSERT INTO later VALUES (1), (1)')).rejects.toEqual(failed('23505'));
      expect((await run('SELECT * FROM later')).result.rows).toEqual([]);
    });

    test('what cannot be sent is refused', async () => {
      await expect(run('SELECT 1\0; SELECT 2')).rejects.toEqual(failed('22021'));
      await expect(run('SELECT $1::text', ['\0'])).rejects.toEqual(failed('22021'));
      await expect(
        run(
          'SELECT 1',
          Array.from({ length: 70_000 }, () => 1),
        ),
      ).rejects.toEqual(failed('54023'));
    });

    test('what does not go into a transaction is refused', async () => {
      await expect(run('VACUUM')).rejects.toEqual(failed('25001'));
    });

    test.each([
      ['COMMIT', 'COMMIT'],
      ['ROLLBACK', 'ROLLBACK'],
      ['BEGIN', 'BEGIN'],
    ])('%s by hand does no harm', async (query, command) => {
      expect((await run(query)).result.command).toBe(command);
    });

    test.each(['COPY pg_class FROM STDIN', 'COPY (SELECT 1) TO STDOUT'])(
      '%s does not hang',
      async (query) => {
        await run('CREATE TABLE IF NOT EXISTS copied (n int)');
        await run(query.replace('pg_class', 'copied')).catch((error: unknown) => {
          expect(error).toBeInstanceOf(SqlFailed);
        });
      },
    );

    test('one call leaves no setting, role or lock to the next', async () => {
      await run(`SELECT set_config('my.secret', 'x', false), pg_advisory_lock(1)`);
      await run(`SET SESSION ROLE anon; SET search_path = pg_catalog; SET statement_timeout = 1`);
      const { result } = await run(
        `SELECT current_setting('my.secret', true), current_user = session_user, pg_try_advisory_lock(1)`,
      );
      expect(result.rows).toEqual([[null, true, true]]);
    });

    test('notices are told, a flood of them in part', async () => {
      const { notices } = await run(
        `DO $$ BEGIN RAISE NOTICE 'first'; FOR i IN 1..500 LOOP RAISE WARNING '%', repeat('x', 3000); END LOOP; END $$`,
      );
      expect(notices[0]).toBe('first');
      expect(notices).toHaveLength(50);
      expect(Math.max(...notices.map((notice) => notice.length))).toBeLessThan(1_100);
    });

    test('rows above the limit are left out; the statement ran whole', async () => {
      const { result } = await run('SELECT n FROM generate_series(1, 1001) n');
      expect(result).toMatchObject({ rowCount: 1001, truncated: true });
      expect(result.rows).toHaveLength(1000);
      expect((await run('SELECT n FROM generate_series(1, 1000) n')).result.truncated).toBe(false);
    });

    test.each([
      ['one value', `SELECT repeat('x', 64 * 1024 * 1024)`],
      ['many rows', `SELECT repeat('x', 1000) FROM generate_series(1, 64 * 1024)`],
      ['a copy', `COPY (SELECT repeat('x', 1000) FROM generate_series(1, 64 * 1024)) TO STDOUT`],
    ])('a result that is too large as %s is refused', async (_title, query) => {
      await expect(run(query)).rejects.toEqual(failed('54000'));
    });

    test.each([
      ['CREATE VIEW seen AS SELECT 1 AS n', true],
      ['CREATE TABLE filled AS SELECT 1 AS n', true],
      ['SELECT 1 AS n INTO filled_too', true],
      [`DO $$ BEGIN EXECUTE 'CREATE TABLE hidden ()'; END $$`, true],
      [`COMMENT ON VIEW seen IS 'x'`, true],
      ['INSERT INTO filled VALUES (2)', false],
      ['DELETE FROM filled', false],
    ])('%s: the schema may have changed: %s', async (query, changed) => {
      expect((await run(query)).changedSchema).toBe(changed);
    });

    test('nobody waits any more: it ends', async () => {
      const early = AbortSignal.abort();
      await expect(run('CREATE TABLE never ()', undefined, early)).rejects.toMatchObject({
        name: 'Unavailable',
      });
      const gone = new AbortController();
      const running = run(
        `SELECT pg_advisory_xact_lock(42); SET statement_timeout = 0; SELECT pg_sleep(600)`,
        undefined,
        gone.signal,
      );
      running.catch(() => {});
      await expect
        .poll(async () => (await run('SELECT pg_try_advisory_xact_lock(42)')).result.rows, {
          timeout: 10_000,
        })
        .toEqual([[false]]);
      gone.abort();
      await expect(running).rejects.toMatchObject({ name: 'Unavailable' });
      await expect
        .poll(async () => (await run('SELECT pg_try_advisory_xact_lock(42)')).result.rows, {
          timeout: 10_000,
        })
        .toEqual([[true]]);
    });

    test('a wrong password or a missing database is no answer about the statement', async () => {
      await expect(
        harness.sql.run(harness.project, 'wrong', { query: 'SELECT 1' }, new AbortController().signal),
      ).rejects.toMatchObject({
        name: 'Unavailable',
        message: expect.not.stringContaining('wrong') as string,
      });
    });
  });
}
