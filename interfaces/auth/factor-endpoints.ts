/** Second factors of whoever asks. */
import { z } from 'zod';
import type { AuthDependencies } from '../../application/auth/auth-dependencies.ts';
import { challengeFactor } from '../../application/auth/challenge-factor.ts';
import { enrollFactor } from '../../application/auth/enroll-factor.ts';
import {
  deleteRecoveryCodes,
  makeRecoveryCodes,
  renewRecoveryCodes,
  showRecoveryCodes,
  useRecoveryCode,
  type NewRecoveryCodes,
} from '../../application/auth/recovery-codes.ts';
import { unenrollFactor } from '../../application/auth/unenroll-factor.ts';
import { verifyFactor } from '../../application/auth/verify-factor.ts';
import type { KeyAnswer } from '../../application/auth/web-authn-factor.ts';
import type { authEndpoint, AuthEndpoint } from './auth-endpoint.ts';
import { madeKey, madeKeyOf, usedKey, usedKeyOf } from './key-fields.ts';
import { sessionReply } from './user-json.ts';

type Declare = ReturnType<typeof authEndpoint>;

const text = z.string().nullish();
/** for which pages it is, the client says, too, and nobody here believes it */
const key = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('create'), credential_response: madeKey }),
  z.looseObject({ type: z.literal('request'), credential_response: usedKey }),
]);

const keyAnswerOf = (given: z.output<typeof key>): KeyAnswer =>
  given.type === 'create'
    ? { kind: given.type, key: madeKeyOf(given.credential_response) }
    : { kind: given.type, key: usedKeyOf(given.credential_response) };

export const factorEndpoints = (deps: AuthDependencies, endpoint: Declare): readonly AuthEndpoint[] => [
  // before those with a factor's id in their place
  ...recoveryCodeEndpoints(deps, endpoint),
  endpoint({
    method: 'post',
    path: '/factors',
    summary: 'Begins a second factor',
    auth: 'user',
    body: z.looseObject({ factor_type: text, friendly_name: text, issuer: text }),
    handler: async ({ project, shown, body, caller }) => {
      const input = {
        type: body.factor_type ?? '',
        friendlyName: body.friendly_name ?? undefined,
        issuer: body.issuer ?? undefined,
      };
      const { factor, totp } = await enrollFactor(deps, project, input, shown, caller);
      return {
        status: 200,
        body: {
          id: factor.id,
          type: factor.type,
          friendly_name: factor.friendlyName ?? undefined,
          totp: totp && { qr_code: totp.qrCode, secret: totp.secret, uri: totp.uri },
        },
      };
    },
  }),
  endpoint({
    method: 'post',
    path: '/factors/:id/challenge',
    summary: 'Asks for a code of it, or for a key',
    auth: 'user',
    handler: async ({ project, shown, params: { id = '' }, caller }) => {
      const { challenge, factor, expiresAt, asked } = await challengeFactor(deps, project, id, shown, caller);
      return {
        status: 200,
        body: {
          id: challenge.id,
          type: factor.type,
          expires_at: Math.floor(expiresAt.getTime() / 1000),
          webauthn: asked && { type: asked.kind, credential_options: { publicKey: asked.options } },
        },
      };
    },
  }),
  endpoint({
    method: 'post',
    path: '/factors/:id/verify',
    summary: 'A code of it, or a key: the session is aal2',
    auth: 'user',
    body: z.looseObject({ challenge_id: text, code: text, webauthn: key.nullish() }),
    handler: async ({ project, shown, params: { id = '' }, body, caller }) => {
      const answer = body.webauthn
        ? keyAnswerOf(body.webauthn)
        : ({ kind: 'code', code: body.code ?? '' } as const);
      const given = { factorId: id, challengeId: body.challenge_id ?? '', answer };
      return sessionReply(await verifyFactor(deps, project, given, shown, caller));
    },
  }),
  endpoint({
    method: 'delete',
    path: '/factors/:id',
    summary: 'Ends a second factor',
    auth: 'user',
    handler: async ({ project, shown, params: { id = '' }, caller }) => {
      const { id: removed } = await unenrollFactor(deps, project, id, shown, caller);
      return { status: 200, body: { id: removed } };
    },
  }),
];

const recoveryCodeEndpoints = (deps: AuthDependencies, endpoint: Declare): readonly AuthEndpoint[] => [
  endpoint({
    method: 'get',
    path: '/factors/recovery-codes',
    summary: 'How many recovery codes are left',
    auth: 'user',
    handler: async ({ project, shown, caller }) => {
      const { factor, total, remaining } = await showRecoveryCodes(deps, project, shown, caller);
      const name = factor.friendlyName ?? undefined;
      return {
        status: 200,
        body: { id: factor.id, type: factor.type, friendly_name: name, total, remaining },
      };
    },
  }),
  endpoint({
    method: 'post',
    path: '/factors/recovery-codes',
    summary: 'Makes recovery codes',
    auth: 'user',
    body: z.looseObject({ friendly_name: text }),
    handler: async ({ project, shown, body, caller }) => ({
      status: 200,
      body: codesJson(await makeRecoveryCodes(deps, project, body.friendly_name ?? undefined, shown, caller)),
    }),
  }),
  endpoint({
    method: 'post',
    path: '/factors/recovery-codes/regenerate',
    summary: 'Makes others; the earlier ones are no longer good',
    auth: 'user',
    handler: async ({ project, shown, caller }) => ({
      status: 200,
      body: codesJson(await renewRecoveryCodes(deps, project, shown, caller)),
    }),
  }),
  endpoint({
    method: 'post',
    path: '/factors/recovery-codes/verify',
    summary: 'One of them: the session is aal2',
    auth: 'user',
    body: z.looseObject({ code: text }),
    handler: async ({ project, shown, body, caller }) =>
      sessionReply(await useRecoveryCode(deps, project, body.code ?? '', shown, caller)),
  }),
  endpoint({
    method: 'delete',
    path: '/factors/recovery-codes',
    summary: 'Ends them',
    auth: 'user',
    handler: async ({ project, shown, caller }) => {
      const { id } = await deleteRecoveryCodes(deps, project, shown, caller);
      return { status: 200, body: { id } };
    },
  }),
];

const codesJson = ({ factor, total, remaining, codes }: NewRecoveryCodes): object => ({
  id: factor.id,
  type: factor.type,
  friendly_name: factor.friendlyName ?? undefined,
  total,
  remaining,
  codes,
});
