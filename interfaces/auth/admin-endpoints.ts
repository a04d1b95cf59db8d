/** What the project's service key may do with its users. */
import { z } from 'zod';
import type { AdminUserInput } from '../../application/auth/admin-user-input.ts';
import { listFactors, listUsers, showUser, type UserListing } from '../../application/auth/admin-users.ts';
import type { AuthDependencies } from '../../application/auth/auth-dependencies.ts';
import { changeUser } from '../../application/auth/change-user.ts';
import { createUser } from '../../application/auth/create-user.ts';
import { deleteUser } from '../../application/auth/delete-user.ts';
import { endSessionsOf, listSessionsOf } from '../../application/auth/sessions-of-user.ts';
import { removeFactor } from '../../application/auth/unenroll-factor.ts';
import type { authEndpoint, AuthEndpoint } from './auth-endpoint.ts';
import { factorJson, sessionRowJson, userJson } from './user-json.ts';

const text = z.string().nullish();
const object = z.record(z.string(), z.unknown()).nullish();

const userBody = z.looseObject({
  id: text,
  aud: text,
  role: text,
  email: text,
  phone: text,
  password: text,
  password_hash: text,
  email_confirm: z.boolean().nullish(),
  phone_confirm: z.boolean().nullish(),
  user_metadata: object,
  app_metadata: object,
  ban_duration: text,
});

const pageQuery = z.looseObject({
  page: z.string().default(''),
  per_page: z.string().default(''),
  filter: z.string().default(''),
});

type Declare = ReturnType<typeof authEndpoint>;

export const adminEndpoints = (deps: AuthDependencies, endpoint: Declare): readonly AuthEndpoint[] => [
  ...usersEndpoints(deps, endpoint),
  ...userEndpoints(deps, endpoint),
  ...factorsEndpoints(deps, endpoint),
  ...sessionsEndpoints(deps, endpoint),
];

const usersEndpoints = (deps: AuthDependencies, endpoint: Declare): readonly AuthEndpoint[] => [
  endpoint({
    method: 'get',
    path: '/admin/users',
    summary: 'Users, newest first',
    auth: 'admin',
    query: pageQuery,
    handler: async ({ project, query: { page, per_page: perPage, filter }, caller }) => {
      const listing = await listUsers(deps, project, { page, perPage, filter }, caller);
      return {
        status: 200,
        headers: { link: linkOf(listing), 'x-total-count': String(listing.total) },
        body: { users: listing.people.map(userJson), aud: 'authenticated' },
      };
    },
  }),
  endpoint({
    method: 'post',
    path: '/admin/users',
    summary: 'Makes a user',
    auth: 'admin',
    body: userBody,
    handler: async ({ project, body, caller }) => ({
      status: 200,
      body: userJson(await createUser(deps, project, inputOf(body), caller)),
    }),
  }),
];

const userEndpoints = (deps: AuthDependencies, endpoint: Declare): readonly AuthEndpoint[] => [
  endpoint({
    method: 'get',
    path: '/admin/users/:id',
    summary: 'A user',
    auth: 'admin',
    handler: async ({ project, params: { id = '' }, caller }) => ({
      status: 200,
      body: userJson(await showUser(deps, project, id, caller)),
    }),
  }),
  endpoint({
    method: 'put',
    path: '/admin/users/:id',
    summary: 'Changes a user',
    auth: 'admin',
    body: userBody,
    handler: async ({ project, params: { id = '' }, body, caller }) => ({
      status: 200,
      body: userJson(await changeUser(deps, project, id, inputOf(body), caller)),
    }),
  }),
  endpoint({
    method: 'delete',
    path: '/admin/users/:id',
    summary: 'Deletes a user; softly: the row stays, and does not say who it was',
    auth: 'admin',
    body: z.looseObject({ should_soft_delete: z.boolean().nullish() }),
    handler: async ({ project, params: { id = '' }, body, caller }) => {
      await deleteUser(deps, project, { id, isSoft: body.should_soft_delete === true }, caller);
      return { status: 200, body: {} };
    },
  }),
];

const factorsEndpoints = (deps: AuthDependencies, endpoint: Declare): readonly AuthEndpoint[] => [
  endpoint({
    method: 'get',
    path: '/admin/users/:id/factors',
    summary: 'Second factors of a user',
    auth: 'admin',
    handler: async ({ project, params: { id = '' }, caller }) => ({
      status: 200,
      body: (await listFactors(deps, project, id, caller)).map(factorJson),
    }),
  }),
  endpoint({
    method: 'delete',
    path: '/admin/users/:id/factors/:factor',
    summary: 'Deletes a second factor of a user',
    auth: 'admin',
    handler: async ({ project, params: { id = '', factor = '' }, caller }) => ({
      status: 200,
      body: factorJson(await removeFactor(deps, project, { userId: id, factorId: factor }, caller)),
    }),
  }),
];

const sessionsEndpoints = (deps: AuthDependencies, endpoint: Declare): readonly AuthEndpoint[] => [
  endpoint({
    method: 'get',
    path: '/admin/users/:id/sessions',
    summary: 'Sessions of a user, newest first',
    auth: 'admin',
    handler: async ({ project, params: { id = '' }, caller }) => ({
      status: 200,
      body: (await listSessionsOf(deps, project, id, caller)).map(sessionRowJson),
    }),
  }),
  endpoint({
    method: 'delete',
    path: '/admin/users/:id/sessions',
    summary: 'Ends all sessions of a user',
    auth: 'admin',
    handler: async ({ project, params: { id = '' }, caller }) => {
      await endSessionsOf(deps, project, { userId: id }, caller);
      return { status: 204 };
    },
  }),
  endpoint({
    method: 'delete',
    path: '/admin/users/:id/sessions/:session',
    summary: 'Ends a session of a user',
    auth: 'admin',
    handler: async ({ project, params: { id = '', session = '' }, caller }) => {
      await endSessionsOf(deps, project, { userId: id, only: session }, caller);
      return { status: 204 };
    },
  }),
];

const inputOf = (body: z.output<typeof userBody>): AdminUserInput => ({
  id: body.id ?? undefined,
  aud: body.aud ?? undefined,
  role: body.role ?? undefined,
  email: body.email ?? undefined,
  phone: body.phone ?? undefined,
  password: body.password ?? undefined,
  passwordHash: body.password_hash ?? undefined,
  emailConfirm: body.email_confirm ?? undefined,
  phoneConfirm: body.phone_confirm ?? undefined,
  userMetadata: body.user_metadata ?? undefined,
  appMetadata: body.app_metadata ?? undefined,
  banDuration: body.ban_duration ?? undefined,
});

/** The client reads the number behind the first `=`, and the total only when there is a link. */
export function linkOf({ total, page, perPage, filter }: Omit<UserListing, 'people'>): string {
  const last = Math.max(1, Math.ceil(total / perPage));
  const rest = `&per_page=${perPage}${filter === '' ? '' : `&filter=${encodeURIComponent(filter)}`}`;
  const link = (to: number, rel: string) => `</admin/users?page=${to}${rest}>; rel="${rel}"`;
  return [...(page < last ? [link(page + 1, 'next')] : []), link(last, 'last')].join(', ');
}
