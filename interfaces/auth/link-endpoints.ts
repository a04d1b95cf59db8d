/** Links and invitations, for the project's service key. */
import { z } from 'zod';
import type { AuthDependencies } from '../../application/auth/auth-dependencies.ts';
import { generateLink } from '../../application/auth/generate-link.ts';
import { inviteUser } from '../../application/auth/invite-user.ts';
import type { authEndpoint, AuthEndpoint } from './auth-endpoint.ts';
import { userJson } from './user-json.ts';

const text = z.string().nullish();

export const linkEndpoints = (
  deps: AuthDependencies,
  endpoint: ReturnType<typeof authEndpoint>,
): readonly AuthEndpoint[] => [
  endpoint({
    method: 'post',
    path: '/invite',
    summary: 'Sends an invitation',
    auth: 'admin',
    body: z.looseObject({ email: text, data: z.record(z.string(), z.unknown()).nullish() }),
    handler: async ({ project, body, redirectTo, caller }) => {
      const invitation = { email: body.email ?? '', data: body.data ?? {}, redirectTo };
      return { status: 200, body: userJson(await inviteUser(deps, project, invitation, caller)) };
    },
  }),
  endpoint({
    method: 'post',
    path: '/admin/generate_link',
    summary: 'Makes a link and a code as a mail would have them, and sends nothing',
    auth: 'admin',
    body: z.looseObject({
      type: text,
      email: text,
      new_email: text,
      password: text,
      data: z.record(z.string(), z.unknown()).nullish(),
      redirect_to: text,
    }),
    handler: async ({ project, body, redirectTo, caller }) => {
      const input = {
        type: body.type ?? '',
        email: body.email ?? '',
        newEmail: body.new_email ?? undefined,
        password: body.password ?? undefined,
        data: body.data ?? {},
        redirectTo: body.redirect_to || redirectTo,
      };
      const made = await generateLink(deps, project, input, caller);
      return {
        status: 200,
        body: {
          ...userJson(made.person),
          action_link: made.link,
          email_otp: made.code,
          hashed_token: made.hash,
          verification_type: made.verificationType,
          redirect_to: made.redirectTo,
        },
      };
    },
  }),
];
