/** The operator's command beside a running platform. */
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { projectId } from '../../domain/project/project-id.ts';
import { PROJECT_LOGINS, roleOf } from '../../domain/project/project-logins.ts';
import { EVERYTHING } from './crash-points.ts';
import { PlatformUnderTest } from './platform-under-test.ts';

let platform: PlatformUnderTest;
let token: string;
let ids: string[];

beforeAll(async () => {
  platform = await PlatformUnderTest.create();
  await platform.start();
  token = await platform.owner('operator');
  const create = (name: string) =>
    platform.call<{ id: string }>('POST', '/api/projects', { token, body: { name } });
  ids = [(await create('one')).body.id, (await create('two')).body.id];
});
afterAll(() => platform.close());

const [FIRST, LOG_DATABASE] = [0, 'launchdb'] as const;
const first = () => ids[FIRST] ?? '';

test('--help tells all commands; wrong usage and unknown things get a word and a code', async () => {
  const help = await platform.launchdb('--help');
  expect(help.code).toBe(0);
  for (const name of [
    'why',
    'events',
    'retry',
    'limits',
    'invite',
    'replay',
    'parked',
    'verify',
    'rebuild',
    'upgrade',
  ]) {
    expect(help.output).toContain(`\n  ${name} `);
  }
  expect((await platform.launchdb('nonsense')).code).toBe(64);
  expect((await platform.launchdb('why')).code).toBe(64);
  expect((await platform.launchdb('replay', '--fast')).code).toBe(64);
  for (const wrong of [[], ['--all', '--plan'], ['--project'], ['--project', first(), '--canary', first()]])
    expect((await platform.launchdb('upgrade', ...wrong)).code).toBe(64);
  const unknown = await platform.launchdb('why', 'proj_0123456789abcdef');
  expect(unknown).toEqual({ code: 1, output: 'the log knows no project proj_0123456789abcdef\n' });
  expect((await platform.launchdb('replay', 'no-such-view')).output).toContain(
    'there is no view "no-such-view"',
  );
});

test('why and events tell what happened, in words', async () => {
  const why = await platform.launchdb('why', first());
  expect(why.code).toBe(0);
  expect(why.output).toContain('The project "one" was requested.');
  expect(why.output).toContain('"one" is active.');
  const events = await platform.launchdb('events', first(), '--json');
  const types = events.output
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { type: string }).type);
  expect(types[0]).toBe('ProjectRequested');
  expect(types.at(-1)).toBe('ProjectActivated');
  expect(events.output).not.toContain('ciphertext');
});

test('events --follow shows what comes, and ends with Ctrl-C', async () => {
  const child = platform.launchdbProcess('events', first(), '--follow');
  let output = '';
  child.stdout?.on('data', (text: Buffer) => (output += text.toString()));
  await vi.waitFor(() => expect(output).toContain('ProjectActivated'), { timeout: 60_000 });
  await platform.call('PATCH', `/api/projects/${first()}`, { token, body: { display_name: 'Followed' } });
  await vi.waitFor(() => expect(output).toContain('The display name became "Followed"'), { timeout: 60_000 });
  child.kill('SIGINT');
  await once(child, 'exit');
  expect(child.exitCode).toBe(0);
});

test('a reader who has enough ends a command without a word', async () => {
  const child = platform.launchdbProcess('events', first(), '--follow');
  let complaint = '';
  child.stderr?.on('data', (text: Buffer) => (complaint += text.toString()));
  await once(child.stdout ?? child, 'data');
  child.stdout?.destroy();
  const ended = once(child, 'exit');
  await platform.call('PATCH', `/api/projects/${first()}`, { token, body: { display_name: 'Unread' } });
  expect([await ended, complaint]).toEqual([[0, null], '']);
});

test('replay rebuilds all views and finds them equal; one that was tampered with is said to differ', async () => {
  const replayed = await platform.launchdb('replay');
  expect(replayed.code).toBe(0);
  expect(replayed.output.match(/equal to what was there/g)).toHaveLength(4);
  await platform.sql(`UPDATE view_project_list.projects SET name = 'tampered'`, [], LOG_DATABASE);
  const again = await platform.launchdb('replay', 'project-list');
  expect(again.code).toBe(2);
  expect(again.output).toContain('DIFFERENT from what was there');
  const { body } = await platform.call<{ projects: { name: string }[] }>('GET', '/api/projects', { token });
  expect(body.projects.map(({ name }) => name)).toEqual(['two', 'one']);
  expect((await platform.launchdb('parked')).output).toBe('Nothing is parked.\n');
});

test('verify names the first event that was altered, that was taken out, and an end that was cut off', async () => {
  expect(await platform.launchdb('verify')).toMatchObject({ code: 0 });
  // the other store lets nobody change anything
  if (platform.store === 'esdb') return;
  const tamper = (statements: string) =>
    platform.sql(
      `DO $$ BEGIN ALTER TABLE log.events DISABLE TRIGGER ALL; ${statements};
       ALTER TABLE log.events ENABLE ALWAYS TRIGGER events_stay; END $$`,
      [],
      LOG_DATABASE,
    );
  const change = (data: string) =>
    `UPDATE log.events SET data = ${data} WHERE stream = 'project-${first()}' AND type = 'ProjectActivated'`;
  const take = (from: bigint, to: bigint) =>
    `CREATE TABLE public.taken AS SELECT * FROM log.events WHERE position BETWEEN ${from} AND ${to};
     DELETE FROM log.events WHERE position BETWEEN ${from} AND ${to}`;
  const putBack = 'INSERT INTO log.events SELECT * FROM public.taken; DROP TABLE public.taken';
  const [log] = await platform.sql<{ head: string }>(
    'SELECT max(position) AS head FROM log.events',
    [],
    LOG_DATABASE,
  );
  const head = BigInt(log?.head ?? 0);

  const tampered = [
    [change(`data || ' '`), change('rtrim(data)'), `\\d+: ProjectActivated of project-${first()}, revision`],
    [take(3n, 3n), putBack, '3: no event'],
    [take(head - 1n, head), putBack, `${head - 1n}: no event`],
  ] as const;
  for (const [doIt, undoIt, named] of tampered) {
    await tamper(doIt);
    const { code, output } = await platform.launchdb('verify');
    expect(output).toMatch(new RegExp(`^ALTERED at position ${named}`));
    expect(code).toBe(2);
    await tamper(undoIt);
  }
  expect((await platform.launchdb('verify')).code).toBe(0);
});

async function loseLogins(project: string): Promise<void> {
  for (const login of PROJECT_LOGINS) {
    const role = roleOf(projectId(project), login);
    await platform.sql(`REASSIGN OWNED BY ${role} TO postgres`, [], project);
    await platform.sql(`DROP OWNED BY ${role}`, [], project);
    await platform.sql(`DROP OWNED BY ${role}`);
    await platform.sql(`DROP ROLE ${role}`);
  }
}

test('rebuild brings back what is lost beside the log: views, files of the pooler, REST APIs, logins', async () => {
  expect(await platform.launchdb('rebuild', '--dry-run')).toEqual({
    code: 0,
    output: 'Nothing is missing.\n',
  });
  const two = ids[1] ?? '';
  await rm(join(platform.dataDir, 'pgbouncer', 'databases.ini'));
  await rm(join(platform.dataDir, 'pgbouncer', 'userlist.txt'));
  await rm(join(platform.dataDir, 'pgbouncer', 'pgbouncer.ini'));
  // the pooler's files need no rebuild: whoever looks after them has put them back, and the log says so
  await vi.waitFor(
    async () => {
      const why = await platform.launchdb('why', two);
      expect(why.output).toContain('pool should be registered but is absent');
      expect(why.output).toContain('pool is as it should be again');
    },
    { timeout: 60_000, interval: 500 },
  );
  if (platform.store === 'postgres') {
    const drift = await platform.sql<{ type: string; what: string }>(
      `SELECT type, data::jsonb->>'what' AS what FROM log.events WHERE stream = 'platform-pooler' ORDER BY revision`,
      [],
      LOG_DATABASE,
    );
    expect(drift).toContainEqual({ type: 'DriftDetected', what: 'pgbouncer.ini' });
    expect(drift).toContainEqual({ type: 'DriftRepaired', what: 'pgbouncer.ini' });
  }
  await platform.sql('DROP SCHEMA view_project_list, view_audit_trail CASCADE', [], LOG_DATABASE);
  // the platform looks every 30 s: it may be quicker than the command
  await vi.waitFor(
    async () => {
      await loseLogins(two);
      const plan = await platform.launchdb('rebuild', '--dry-run');
      expect(plan.output).toContain(`${two}: logins (absent)`);
    },
    { timeout: 60_000 },
  );
  const rebuilt = await platform.launchdb('rebuild');
  expect(rebuilt.output).toMatch(/Everything that the log can bring back is back[.]|Nothing is missing[.]/);
  expect(rebuilt.code).toBe(0);
  // a REST API that ends is brought back before anybody asks for it
  await platform.killDataApis();
  expect((await platform.launchdb('rebuild')).code).toBe(0);
  for (const id of ids) {
    expect(await platform.resources(id)).toEqual(EVERYTHING);
    const keys = await platform.call<{ anon_key: string }>('GET', `/api/projects/${id}/keys`, { token });
    const rest = await platform.call('GET', `/project/${id}/rest/v1/`, {
      headers: { apikey: keys.body.anon_key },
    });
    expect(rest.status).toBe(200);
    const signedUp = await platform.call('POST', `/project/${id}/auth/v1/signup`, {
      headers: { apikey: keys.body.anon_key },
      body: { email: 'ann@example.com', password: 'correct horse battery' },
    });
    expect(signedUp.status).toBe(200);
  }
  const { body } = await platform.call<{ projects: unknown[] }>('GET', '/api/projects', { token });
  expect(body.projects).toHaveLength(2);
  // nothing is left to do, and doing it again does nothing
  expect(await platform.launchdb('rebuild')).toEqual({ code: 0, output: 'Nothing is missing.\n' });
});

test('a database that is lost is said to be lost', async () => {
  const two = ids[1] ?? '';
  await platform.sql(`ALTER DATABASE ${two} WITH ALLOW_CONNECTIONS false`);
  await platform.sql(`DROP DATABASE ${two} WITH (FORCE)`);
  const { code, output } = await platform.launchdb('rebuild', '--dry-run');
  expect(code).toBe(2);
  expect(output).toContain(`LOST      ${two}`);
});

test('without a running platform it says what to do', async () => {
  await platform.stop();
  expect(await platform.launchdb('replay')).toEqual({
    code: 1,
    output:
      'the platform\'s PostgreSQL or its log does not answer. Start the platform ("npm start") and do this beside it.\n',
  });
});
