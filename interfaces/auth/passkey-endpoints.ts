/** Passkeys: of whoever asks, for signing in, and as the service key sees them. */
import { z } from 'zod';
import { addPasskey } from '../../application/auth/add-passkey.ts';
import type { AuthDependencies } from '../../application/auth/auth-dependencies.ts';
import { beginPasskey } from '../../application/auth/begin-passkey.ts';
import { beginPasskeySignIn } from '../../application/auth/begin-passkey-sign-in.ts';
import { deletePasskey, deletePasskeyOf } from '../../application/auth/delete-passkey.ts';
import { listPasskeys, listPasskeysOf } from '../../application/auth/list-passkeys.ts';
import type { BegunCeremony } from '../../application/auth/passkeys.ts';
import { renamePasskey } from '../../application/auth/rename-passkey.ts';
import { signInWithPasskey } from '../../application/auth/sign-in-with-passkey.ts';
import type { Passkey } from '../../domain/auth/passkey.ts';
import type { authEndpoint, AuthEndpoint } from './auth-endpoint.ts';
import { captcha, text } from './body-fields.ts';
import { humanAsks } from './human-asks.ts';
import { madeKey, madeKeyOf, usedKey, usedKeyOf } from './key-fields.ts';
import { sessionReply } from './user-json.ts';

type Declare = ReturnType<typeof authEndpoint>;

export const passkeyEndpoints = (deps: AuthDependencies, endpoint: Declare): readonly AuthEndpoint[] => [
  ...registrationEndpoints(deps, endpoint),
  ...signInEndpoints(deps, endpoint),
  ...ownEndpoints(deps, endpoint),
  ...adminPasskeyEndpoints(deps, endpoint),
];

const registrationEndpoints = (deps: AuthDependencies, endpoint: Declare): readonly AuthEndpoint[] => [
  endpoint({
    method: 'post',
    path: '/passkeys/registration/options',
    summary: 'Begins a passkey',
    auth: 'user',
    handler: async ({ project, shown, caller }) => ({
      status: 200,
      body: ceremonyJson(await beginPasskey(deps, project, shown, caller)),
    }),
  }),
  endpoint({
    method: 'post',
    path: '/passkeys/registration/verify',
    summary: 'The passkey that the browser has made',
    auth: 'user',
    body: z.looseObject({ challenge_id: text, credential: madeKey }),
    handler: async ({ project, shown, body, caller }) => {
      const given = { challengeId: body.challenge_id, key: madeKeyOf(body.credential) };
      return { status: 200, body: passkeyJson(await addPasskey(deps, project, given, shown, caller)) };
    },
  }),
];

const signInEndpoints = (deps: AuthDependencies, endpoint: Declare): readonly AuthEndpoint[] => [
  endpoint({
    method: 'post',
    path: '/passkeys/authentication/options',
    summary: 'Begins a sign-in with a passkey, whoever’s it is',
    auth: 'none',
    body: z.looseObject(captcha),
    handler: async (asked) => {
      await humanAsks(deps, asked);
      const { project, caller } = asked;
      return { status: 200, body: ceremonyJson(await beginPasskeySignIn(deps, project, caller)) };
    },
  }),
  endpoint({
    method: 'post',
    path: '/passkeys/authentication/verify',
    summary: 'A session, by a passkey',
    auth: 'none',
    body: z.looseObject({ challenge_id: text, credential: usedKey }),
    handler: async ({ project, body: { challenge_id: challengeId, credential }, caller }) => {
      const userHandle = credential.response.userHandle ?? '';
      const given = { challengeId, key: usedKeyOf(credential), userHandle };
      return sessionReply(await signInWithPasskey(deps, project, given, caller));
    },
  }),
];

const ownEndpoints = (deps: AuthDependencies, endpoint: Declare): readonly AuthEndpoint[] => [
  endpoint({
    method: 'get',
    path: '/passkeys',
    summary: 'Passkeys of whoever asks',
    auth: 'user',
    handler: async ({ project, shown, caller }) => ({
      status: 200,
      body: (await listPasskeys(deps, project, shown, caller)).map(passkeyJson),
    }),
  }),
  endpoint({
    method: 'patch',
    path: '/passkeys/:id',
    summary: 'Names a passkey',
    auth: 'user',
    body: z.looseObject({ friendly_name: text.default('') }),
    handler: async ({ project, shown, params: { id = '' }, body, caller }) => {
      const change = { id, friendlyName: body.friendly_name };
      return { status: 200, body: passkeyJson(await renamePasskey(deps, project, change, shown, caller)) };
    },
  }),
  endpoint({
    method: 'delete',
    path: '/passkeys/:id',
    summary: 'Ends a passkey',
    auth: 'user',
    handler: async ({ project, shown, params: { id = '' }, caller }) => {
      await deletePasskey(deps, project, id, shown, caller);
      return { status: 204 };
    },
  }),
];

const adminPasskeyEndpoints = (deps: AuthDependencies, endpoint: Declare): readonly AuthEndpoint[] => [
  endpoint({
    method: 'get',
    path: '/admin/users/:id/passkeys',
    summary: 'Passkeys of a user',
    auth: 'admin',
    handler: async ({ project, params: { id = '' }, caller }) => ({
      status: 200,
      body: (await listPasskeysOf(deps, project, id, caller)).map(passkeyJson),
    }),
  }),
  endpoint({
    method: 'delete',
    path: '/admin/users/:id/passkeys/:passkey',
    summary: 'Ends a passkey of a user',
    auth: 'admin',
    handler: async ({ project, params: { id: userId = '', passkey: id = '' }, caller }) => {
      await deletePasskeyOf(deps, project, { userId, id }, caller);
      return { status: 204 };
    },
  }),
];

const ceremonyJson = ({ challengeId, options, expiresAt }: BegunCeremony): object => ({
  challenge_id: challengeId,
  options,
  expires_at: Math.floor(expiresAt.getTime() / 1000),
});

const passkeyJson = ({ id, friendlyName, createdAt, lastUsedAt }: Passkey): object => ({
  id,
  friendly_name: friendlyName || undefined,
  created_at: createdAt.toISOString(),
  last_used_at: lastUsedAt?.toISOString(),
});
