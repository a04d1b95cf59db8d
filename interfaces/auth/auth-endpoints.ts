/** The auth service of all projects. */
import { z } from 'zod';
import type { AuthDependencies } from '../../application/auth/auth-dependencies.ts';
import type { AuthProjects } from '../../application/auth/auth-project.ts';
import { adminEndpoints } from './admin-endpoints.ts';
import { factorEndpoints } from './factor-endpoints.ts';
import { identityEndpoints } from './identity-endpoints.ts';
import { keySetEndpoint } from './key-set-endpoint.ts';
import { linkEndpoints } from './link-endpoints.ts';
import { mailEndpoints } from './mail-endpoints.ts';
import { passkeyEndpoints } from './passkey-endpoints.ts';
import { providerEndpoints } from './provider-endpoints.ts';
import { settingsEndpoint } from './settings-endpoint.ts';
import { signUpEndpoint } from './sign-up-endpoint.ts';
import { tokenEndpoint } from './token-endpoint.ts';
import { userEndpoints } from './user-endpoints.ts';
import { openEndpoint } from '../http/endpoint.ts';
import { authEndpoint, type AuthEndpoint } from './auth-endpoint.ts';

const health = (version: string) =>
  openEndpoint({
    method: 'get',
    path: '/project/:project/auth/v1/health',
    summary: 'The service is there',
    auth: 'none',
    params: z.object({ project: z.string() }),
    responses: { 200: z.object({ version: z.string(), name: z.string(), description: z.string() }) },
    handler: async () => ({
      status: 200,
      body: { version, name: 'LaunchDB auth', description: 'Users of projects: sign-in, sessions, tokens' },
    }),
  });

export const authEndpoints = ({
  version,
  projects,
  auth,
}: {
  readonly version: string;
  readonly projects: AuthProjects;
  readonly auth: AuthDependencies;
}): readonly AuthEndpoint[] => [
  health(version),
  settingsEndpoint(projects),
  keySetEndpoint(projects),
  signUpEndpoint(auth, projects),
  tokenEndpoint(auth, projects),
  ...userEndpoints(auth, projects),
  ...mailEndpoints(auth, projects),
  ...providerEndpoints(auth, projects),
  ...[factorEndpoints, passkeyEndpoints, identityEndpoints, adminEndpoints, linkEndpoints].flatMap(
    (endpoints) => endpoints(auth, authEndpoint(projects)),
  ),
];
