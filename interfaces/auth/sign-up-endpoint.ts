import { z } from 'zod';
import type { AuthDependencies } from '../../application/auth/auth-dependencies.ts';
import { AuthError } from '../../application/auth/auth-error.ts';
import type { AuthProjects } from '../../application/auth/auth-project.ts';
import { signInAnonymously, signUp } from '../../application/auth/sign-up.ts';
import { requireEmail } from '../../application/auth/require-email.ts';
import { authEndpoint, type AuthEndpoint } from './auth-endpoint.ts';
import { captcha, challenge, metadata, passwordText, text } from './body-fields.ts';
import { humanAsks } from './human-asks.ts';
import { sessionReply, userJson } from './user-json.ts';

const body = z.looseObject({
  email: text.optional(),
  phone: text.optional(),
  password: passwordText.optional(),
  data: metadata.nullish(),
  ...challenge,
  ...captcha,
});

export const signUpEndpoint = (deps: AuthDependencies, projects: AuthProjects): AuthEndpoint =>
  authEndpoint(projects)({
    method: 'post',
    path: '/signup',
    summary: 'Makes a user, or one without an address',
    auth: 'none',
    body,
    handler: async (asked) => {
      await humanAsks(deps, asked);
      const { project, caller, body: given, redirectTo } = asked;
      const { email, phone, password = '', code_challenge, code_challenge_method } = given;
      const data = given.data ?? {};
      if (phone) throw new AuthError(400, 'phone_provider_disabled', 'Phone signups are disabled');
      if (!email && password === '')
        return sessionReply(await signInAnonymously(deps, project, data, caller));
      const order = { redirectTo, codeChallenge: code_challenge, codeChallengeMethod: code_challenge_method };
      const request = { email: requireEmail(email ?? ''), password, data, ...order };
      const made = await signUp(deps, project, request, caller);
      if (made.outcome === 'session') return sessionReply(made.issued);
      return { status: 200, body: userJson(made.person) };
    },
  });
