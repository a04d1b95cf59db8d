/** Public keys of a project, so that whoever gets a token of one of its users can check it without asking. */
import type { AuthProjects } from '../../application/auth/auth-project.ts';
import { authEndpoint, type AuthEndpoint } from './auth-endpoint.ts';

export const keySetEndpoint = (projects: AuthProjects): AuthEndpoint =>
  authEndpoint(projects)({
    method: 'get',
    path: '/.well-known/jwks.json',
    summary: "The keys that users' tokens are checked by",
    auth: 'none',
    handler: async ({ project: { keys } }) => ({
      status: 200,
      body: { keys: keys.publicKeys },
      headers: { 'cache-control': 'public, max-age=600' },
    }),
  });
