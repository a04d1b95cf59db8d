/** What users do with themselves and their sessions. */
import { z } from 'zod';
import type { AuthDependencies } from '../../application/auth/auth-dependencies.ts';
import { AuthError } from '../../application/auth/auth-error.ts';
import type { AuthProjects } from '../../application/auth/auth-project.ts';
import { logOutUser } from '../../application/auth/log-out-user.ts';
import { requirePerson } from '../../application/auth/person.ts';
import { updateUser } from '../../application/auth/update-user.ts';
import { requireEmail } from '../../application/auth/require-email.ts';
import { authEndpoint, type AuthEndpoint } from './auth-endpoint.ts';
import { challenge, metadata, passwordText, text } from './body-fields.ts';
import { userJson } from './user-json.ts';

const changeBody = z.looseObject({
  email: text.optional(),
  phone: text.optional(),
  password: passwordText.optional(),
  current_password: passwordText.optional(),
  nonce: text.optional(),
  data: metadata.nullish(),
  app_metadata: z.unknown().optional(),
  ...challenge,
});

export const userEndpoints = (deps: AuthDependencies, projects: AuthProjects): readonly AuthEndpoint[] => [
  logOut(deps, projects),
  getUser(deps, projects),
  putUser(deps, projects),
];

const logOut = (deps: AuthDependencies, projects: AuthProjects) =>
  authEndpoint(projects)({
    method: 'post',
    path: '/logout',
    summary: 'Ends sessions of the user',
    auth: 'user',
    query: z.looseObject({ scope: z.string().default('global') }),
    handler: async ({ project, caller, shown, query }) => {
      await logOutUser(deps, project, shown, query.scope || 'global', caller);
      return { status: 204 };
    },
  });

const getUser = (deps: AuthDependencies, projects: AuthProjects) =>
  authEndpoint(projects)({
    method: 'get',
    path: '/user',
    summary: 'The user',
    auth: 'user',
    handler: async ({ project, caller, shown }) => {
      const person = await deps.directory.with(
        project.id,
        (rows) => requirePerson(rows, shown, deps.clock.now()),
        caller,
      );
      return { status: 200, body: userJson(person) };
    },
  });

const putUser = (deps: AuthDependencies, projects: AuthProjects) =>
  authEndpoint(projects)({
    method: 'put',
    path: '/user',
    summary: 'Changes what is the user’s own',
    auth: 'user',
    body: changeBody,
    handler: async ({ project, caller, shown, body, redirectTo }) => {
      if (body.app_metadata !== undefined)
        throw new AuthError(403, 'not_admin', 'Updating app_metadata requires admin privileges');
      if (body.phone) throw new AuthError(400, 'phone_provider_disabled', 'Phone logins are disabled');
      const change = {
        email: body.email ? requireEmail(body.email) : undefined,
        password: body.password,
        currentPassword: body.current_password,
        nonce: body.nonce,
        data: body.data ?? undefined,
        redirectTo,
        codeChallenge: body.code_challenge,
        codeChallengeMethod: body.code_challenge_method,
      };
      return { status: 200, body: userJson(await updateUser(deps, project, shown, change, caller)) };
    },
  });
