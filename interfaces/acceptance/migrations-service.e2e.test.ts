/** The migrations service, and what becomes of a project whose template fails. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { NOTHING } from './crash-points.ts';
import { patience } from './patience.ts';
import { PlatformUnderTest } from './platform-under-test.ts';

const KEY = 'the key of the internal services';

let platform: PlatformUnderTest;
let token: string;

beforeAll(async () => {
  platform = await PlatformUnderTest.create({ INTERNAL_API_KEY: KEY });
  await platform.start();
  token = await platform.owner('template');
});
afterAll(() => platform.close());

const create = (name: string) =>
  platform.call<{ id: string; status: string; instance: string; detail: string }>('POST', '/api/projects', {
    token,
    body: { name },
  });

async function run(body: unknown, key = KEY) {
  const url = `http://127.0.0.1:${platform.environment['MIGRATIONS_PORT']}/internal/migrations/run`;
  const headers = { 'content-type': 'application/json', 'x-internal-api-key': key };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

/** Of the template that new projects are copies of. */
async function inTemplate(sql: string): Promise<void> {
  const [row] = await platform.sql<{ name: string }>(
    `SELECT datname AS name FROM pg_database WHERE datname ~ '^launchdb_template_v\\d+$'`,
  );
  const name = row?.name ?? '';
  await platform.sql(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS true`);
  await platform.sql(sql, [], name);
  await platform.sql(`ALTER DATABASE ${name} WITH ALLOW_CONNECTIONS false`);
}

test('a new project has nothing left to do; only who shows the key is heard', async () => {
  const { id } = (await create('whole')).body;
  expect(await run({ project_id: id })).toMatchObject({
    status: 200,
    body: { project_id: id, migrations_applied: 0, status: 'no_changes' },
  });
  for (const key of ['wrong', token]) expect((await run({ project_id: id }, key)).status).toBe(401);
  expect((await run({ project_id: 'proj_0123456789abcdef' })).status).toBe(404);
  expect((await platform.call('POST', '/internal/migrations/run', { body: { project_id: id } })).status).toBe(
    404,
  );
});

test('a template whose SQL fails makes no project active; the reason is told, and nothing stays', async () => {
  await inTemplate(`UPDATE launchdb.migrations SET version = 9000 WHERE version = 3`);
  const made = await create('broken');
  expect(made.status).not.toBe(201);
  // the list follows the log within moments
  const id = await vi.waitFor(async () => {
    const { body } = await platform.call<{ projects: { id: string; name: string; status: string }[] }>(
      'GET',
      '/api/projects',
      { token },
    );
    const broken = body.projects.find(({ name }) => name === 'broken');
    expect(broken?.status).toBe('failed');
    return broken?.id ?? '';
  }, patience(100));
  const why = await platform.call('GET', `/api/projects/${id}/why`, { token });
  expect(JSON.stringify(why.body)).toMatch(
    /could not apply 0003_[a-z_]+.sql, line 2: function .*already exists/,
  );
  const progress = await platform.call<{
    processes: { steps: { step: string; last_error: string | null }[] }[];
  }>('GET', `/api/projects/${id}/progress`, { token });
  const step = progress.body.processes[0]?.steps.find((one) => one.step === 'migrate-schema');
  expect(step).toMatchObject({
    state: 'failed',
    last_error: expect.stringContaining('already exists') as string,
  });
  expect(JSON.stringify(why.body)).not.toContain('ProjectActivated');
  expect(await platform.resources(id)).toEqual(NOTHING);
  await inTemplate(`UPDATE launchdb.migrations SET version = 3 WHERE version = 9000`);
  expect((await create('mended')).body.status).toBe('active');
});
