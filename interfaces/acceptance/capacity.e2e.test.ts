/** A platform whose PostgreSQL has connections for two projects in service, and that lets owners in by invites alone. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { PlatformUnderTest } from './platform-under-test.ts';

/** (87 - 40 reserved - 25 of the platform's own) / 11 for each project in service, rounded down */
const TWO_PROJECTS = { POSTGRES_MAX_CONNECTIONS: '87', MAX_PROJECTS_PER_OWNER: '3', SIGNUP: 'closed' };

let platform: PlatformUnderTest;
beforeAll(async () => {
  platform = await PlatformUnderTest.create(TWO_PROJECTS);
  await platform.start();
});
afterAll(() => platform.close());

type Project = { readonly id: string; readonly status: string };
const create = (token: string, name: string) =>
  platform.call<Project>('POST', '/api/projects', { token, body: { name } });
const command = (token: string, { id }: Project, what: string) =>
  platform.call<Project>('POST', `/api/projects/${id}/${what}`, { token });
const events = async () =>
  (await platform.sql<{ count: string }>('SELECT count(*) FROM log.events', [], 'launchdb'))[0]?.count;

const FULL = {
  type: '/docs#platform/capacity-reached',
  status: 409,
  used: 2,
  limit: 2,
  max_connections: 87,
  reserved_connections: 40,
  platform_connections: 25,
  connections_per_project: 11,
};

async function invite(...args: string[]): Promise<string> {
  const { code, output } = await platform.launchdb('invite', ...args);
  expect([code, output]).toEqual([0, expect.stringMatching(/^ldi_[\w-]{43}\nGood for one account until /)]);
  return output.split('\n')[0] ?? '';
}
const signUp = async (name: string, code?: string) => {
  const body = { email: `${name}@example.com`, password: 'a long-enough s3cret', invite: code };
  const { status, body: answer } = await platform.call('POST', '/api/owners/signup', { body });
  return [status, answer['type']];
};

test('who signs up needs an invite; closed, the first one alone gets in by one', async () => {
  const [first, second] = await Promise.all([invite('--email', 'A@example.com'), invite('--expires', '1h')]);
  expect(await signUp('a')).toEqual([403, '/docs#owner/invite-needed']);
  expect(await signUp('b', first)).toEqual([403, '/docs#owner/invite-needed']);
  await platform.owner('a', first);
  expect(await signUp('b', second)).toEqual([403, '/docs#owner/signup-closed']);
  const wrong = [
    ['--expires', '7'],
    ['--expires', '400d'],
    ['--email', 'nobody'],
  ].map((args) => platform.launchdb('invite', ...args));
  expect((await Promise.all(wrong)).map(({ code }) => code)).toEqual([1, 1, 1]);
  const log = await platform.sql<{ all: string }>(
    "SELECT string_agg(e::text, '') AS all FROM log.events e",
    [],
    'launchdb',
  );
  if (platform.store === 'postgres') expect(log[0]?.all).toContain('InviteUsed');
  for (const secret of [first, second, 'a@example.com']) {
    expect(log[0]?.all ?? '').not.toContain(secret);
    expect(platform.output).not.toContain(secret);
  }

  await platform.stop();
  platform.environment['SIGNUP'] = 'invite';
  await platform.start();
  expect(await signUp('b', first)).toEqual([403, '/docs#owner/invite-needed']);
  await platform.owner('b', second);
});

test('the last place goes to exactly one of many, and comes free when a project is paused or deleted', async () => {
  const others = ['c', 'd'].map(async (name) => platform.owner(name, await invite()));
  const owners = await Promise.all([platform.login('a'), platform.login('b'), ...others]);
  const [token] = owners;
  const first = (await create(token, 'first')).body;
  expect(first.status).toBe('active');

  const answers = await Promise.all(owners.map((owner, at) => create(owner, `last-${at}`)));
  const refused = answers.filter(({ status }) => status === 409);
  expect(refused).toHaveLength(3);
  for (const { body } of refused) expect(body).toMatchObject(FULL);
  const winner = answers.findIndex(({ status }) => status === 201);
  const [owner = '', last] = [owners[winner], answers[winner]!.body];

  // nothing is left of a refused one, not even its name
  const before = await events();
  expect((await create(token, 'refused')).body).toMatchObject(FULL);
  expect(await events()).toBe(before);
  const { body: listed } = await platform.call<{ projects: Project[] }>('GET', '/api/projects', {
    token: owners[(winner + 1) % 4]!,
  });
  expect(listed.projects.length).toBe((winner + 1) % 4 === 0 ? 1 : 0);

  expect((await command(token, first, 'pause')).body.status).toBe('paused');
  const second = await create(token, 'refused');
  expect([second.status, second.body.status]).toEqual([201, 'active']);
  expect((await command(token, first, 'resume')).body).toMatchObject(FULL);

  await platform.call('DELETE', `/api/projects/${last.id}`, { token: owner });
  await vi.waitFor(async () => {
    const { body } = await platform.call<Project>('GET', `/api/projects/${last.id}`, { token: owner });
    expect(body.status).toBe('deleted');
  }, 20_000);
  expect((await command(token, first, 'resume')).body.status).toBe('active');
  expect((await command(owner, last, 'undelete')).body).toMatchObject(FULL);
});

test('an owner has so many projects and no more, paused ones included', async () => {
  const token = await platform.login('a');
  const { body } = await vi.waitFor(async () => {
    const listed = await platform.call<{ projects: Project[] }>('GET', '/api/projects', { token });
    expect(listed.body.projects.map(({ status }) => status)).not.toContain('resuming');
    return listed;
  });
  for (const one of body.projects.filter(({ status }) => status === 'active'))
    await command(token, one, 'pause');
  for (let more = body.projects.length; more < 3; more++)
    await command(token, (await create(token, `more-${more}`)).body, 'pause');
  const refused = await create(token, 'one-too-many');
  expect(refused.body).toMatchObject({
    type: '/docs#owner/too-many-projects',
    status: 409,
    projects: 3,
    limit: 3,
  });
});
