/** The auth service of all projects. */
import { z } from 'zod';
import { openEndpoint } from '../http/endpoint.ts';
import type { AuthEndpoint } from './auth-endpoint.ts';

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

export const authEndpoints = ({ version }: { readonly version: string }): readonly AuthEndpoint[] => [
  health(version),
];
