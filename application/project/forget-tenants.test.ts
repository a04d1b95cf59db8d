import { afterEach, expect, test, vi } from 'vitest';
import { newProject } from '../ports/databases.contract.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { ProjectCommand } from '../../domain/project/project.ts';
import { command, makeHarness, request, runToRest, secrets, stateOf } from '../testing/project-harness.ts';
import { ForgottenTenants } from './forget-tenants.ts';
import { tenantLogin } from './tenant-login.ts';

const running: ForgottenTenants[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
});

async function served() {
  const harness = makeHarness();
  const id = newProject();
  await command(harness, id, request(id));
  await runToRest(harness, id);
  const forgotten: ProjectId[] = [];
  const following = new ForgottenTenants(harness.store, { forget: (project) => forgotten.push(project) });
  await following.start();
  running.push(following);
  const login = (name = 'owner') => tenantLogin({ store: harness.store, secrets }, id, name);
  return { harness, id, forgotten, login };
}

test('a login is told as the log has it, while the project is served, asleep or not', async () => {
  const { harness, id, forgotten, login } = await served();
  const { logins } = secrets.open(id, (await stateOf(harness, id)).secrets);
  expect(await login()).toEqual({ role: `${id}_owner`, password: logins.owner.password });
  await expect(login('nobody')).rejects.toMatchObject({ name: 'Refused' });
  await command(harness, id, { kind: 'SleepProject', idleSince: new Date(0) });
  await runToRest(harness, id);
  expect(await login('authenticator')).toMatchObject({ role: `${id}_authenticator` });
  await command(harness, id, { kind: 'WakeProject' });
  await runToRest(harness, id);
  expect(forgotten).toEqual([]);
});

const next = await secrets.issue();
const purgeAfter = new Date(Date.UTC(2031, 0, 1));

test.each([
  ['rotated', (id: ProjectId) => ({ kind: 'RotateDatabasePassword', secrets: secrets.seal(id, next) })],
  ['paused', () => ({ kind: 'PauseProject' })],
  ['deleted', () => ({ kind: 'DeleteProject', purgeAfter })],
  ['purged', () => ({ kind: 'PurgeProject' })],
] as [string, (id: ProjectId) => ProjectCommand][])(
  'what is known of a project that is %s is forgotten',
  async (how, asked) => {
    const { harness, id, forgotten, login } = await served();
    await command(harness, id, asked(id));
    await vi.waitFor(() => expect(forgotten).toContain(id));
    await runToRest(harness, id);
    // also what was looked up before it was in force
    await vi.waitFor(() => expect(forgotten.length).toBeGreaterThan(1));
    if (how === 'rotated') expect((await login()).password).toBe(next.logins.owner.password);
    else await expect(login()).rejects.toMatchObject({ name: 'Rejection' });
  },
);
