import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { AUTH_DEFAULTS, NO_AUTH_SECRETS } from '../../domain/auth/auth-settings.ts';
import type { AuthSettingsEvent } from '../../domain/auth/auth-settings-decider.ts';
import { projectAuthStream } from '../../domain/project/project-id.ts';
import { AesAuthSecretVault } from '../../infrastructure/crypto/aes-auth-secret-vault.ts';
import { readOrEmpty } from '../handle.ts';
import { newProject } from '../ports/databases.contract.ts';
import { command, makeHarness, METADATA, request, runToRest } from '../testing/project-harness.ts';
import { changeAuthSettingsOf, type AuthChange } from './change-auth-settings.ts';
import { loadAuthSettings } from './load-auth-settings.ts';

const vault = new AesAuthSecretVault(randomBytes(32));
const smtp = { host: 'mail.example.com', senderEmail: 'hello@example.com' };

async function makeProject() {
  const harness = makeHarness();
  const projectId = newProject();
  await command(harness, projectId, request(projectId));
  await runToRest(harness, projectId);
  const { store } = harness;
  const change = (asked: Partial<AuthChange>, ...rest: [((revision: number) => boolean)?, string?]) =>
    changeAuthSettingsOf(
      { ...harness, vault },
      { ownerId: rest[1] ?? 'own_test', projectId },
      { settings: {}, secrets: {}, ...asked },
      METADATA,
      rest[0],
    );
  const events = async () =>
    (await readOrEmpty(store, projectAuthStream(projectId))) as unknown as readonly AuthSettingsEvent[];
  const secrets = async () => {
    const { secrets: sealed } = await loadAuthSettings(store, projectId);
    return sealed ? vault.open(projectId, sealed) : NO_AUTH_SECRETS;
  };
  return { harness, projectId, change, events, secrets };
}

test('a change is one event with everything that is set, and no secret stands in it', async () => {
  const { change, events, secrets, projectId } = await makeProject();
  const state = await change({
    settings: { smtp, signUpsOpen: false },
    secrets: { smtpPassword: 'hunter2' },
  });
  expect(state).toMatchObject({ settings: { signUpsOpen: false }, revision: 0 });
  await change({ settings: { autoconfirm: true } });
  const all = await events();
  expect(all.map(({ type, data }) => [type, data.projectId])).toEqual([
    ['AuthSettingsChanged', projectId],
    ['AuthSettingsChanged', projectId],
  ]);
  expect(all[1]?.data.settings).toMatchObject({
    ...AUTH_DEFAULTS,
    signUpsOpen: false,
    autoconfirm: true,
    smtp,
  });
  expect(JSON.stringify(all.map(({ data }) => data))).not.toContain('hunter2');
  expect((await secrets()).smtpPassword).toBe('hunter2');
  // sealed once: what does not change is the same text
  expect(all[1]?.data.secrets).toEqual(all[0]?.data.secrets);
});

test('what is so already is no event, be it a secret', async () => {
  const { change, events, secrets } = await makeProject();
  await change({ settings: { autoconfirm: false } });
  expect(await events()).toEqual([]);
  const whole = { settings: { smtp }, secrets: { smtpPassword: 'hunter2' } };
  await change(whole);
  expect(await change(whole)).toMatchObject({ revision: 0 });
  expect(await change({ secrets: { smtpPassword: 'other' } })).toMatchObject({ revision: 1 });
  expect((await secrets()).smtpPassword).toBe('other');
  await change({ settings: { smtp: null } });
  expect((await events()).at(-1)?.data).not.toHaveProperty('secrets');
});

test('changes at once lose nothing of each other, secrets included', async () => {
  const { change, secrets, events, harness, projectId } = await makeProject();
  await change({ settings: { smtp, providers: { google: { clientId: 'g' } } } });
  await Promise.all([
    change({ secrets: { smtpPassword: 'p' } }),
    change({ secrets: { providerSecrets: { google: 's' } } }),
    change({ settings: { signUpsOpen: false } }),
    change({ settings: { manualLinking: true } }),
  ]);
  expect(await events()).toHaveLength(5);
  expect(await secrets()).toEqual({
    ...NO_AUTH_SECRETS,
    smtpPassword: 'p',
    providerSecrets: { google: 's' },
  });
  const { settings } = await loadAuthSettings(harness.store, projectId);
  expect(settings).toMatchObject({ signUpsOpen: false, manualLinking: true });
});

test('who has seen another revision changes nothing', async () => {
  const { change, events } = await makeProject();
  const seen = (wanted: number) => (revision: number) => revision === wanted;
  await change({ settings: { autoconfirm: true } }, seen(-1));
  const stale = change({ settings: { autoconfirm: false } }, seen(-1));
  await expect(stale).rejects.toMatchObject({ code: 'project/revision-mismatch' });
  await change({ settings: { autoconfirm: false } }, seen(0));
  expect(await events()).toHaveLength(2);
});

test("a stranger's project, and one on its way out, are not changed; one that is paused is", async () => {
  const { change, events, harness, projectId } = await makeProject();
  const stranger = change({ settings: { autoconfirm: true } }, undefined, 'own_other');
  await expect(stranger).rejects.toMatchObject({ code: 'project/not-found' });
  await command(harness, projectId, { kind: 'PauseProject' });
  await runToRest(harness, projectId);
  await change({ settings: { autoconfirm: true } });
  await command(harness, projectId, { kind: 'DeleteProject', purgeAfter: new Date(Date.UTC(2031, 0, 1)) });
  await expect(change({ settings: { autoconfirm: false } })).rejects.toMatchObject({
    code: 'project/not-active',
  });
  expect(await events()).toHaveLength(1);
});
