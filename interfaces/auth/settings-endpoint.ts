/** What the sign-in page of a project needs to know. */
import type { AuthProjects } from '../../application/auth/auth-project.ts';
import { authEndpoint, type AuthEndpoint } from './auth-endpoint.ts';

export const settingsEndpoint = (projects: AuthProjects): AuthEndpoint =>
  authEndpoint(projects)({
    method: 'get',
    path: '/settings',
    summary: 'Which ways of signing in there are',
    auth: 'none',
    handler: async ({ project: { settings } }) => ({
      status: 200,
      body: {
        external: {
          ...Object.fromEntries(
            Object.entries(settings.providers).map(([name, { enabled }]) => [name, enabled]),
          ),
          email: settings.emailSignIns,
          phone: false,
          anonymous_users: settings.anonymousSignIns,
        },
        disable_signup: !settings.signUpsOpen,
        mailer_autoconfirm: settings.autoconfirm,
        phone_autoconfirm: false,
        sms_provider: '',
        saml_enabled: false,
      },
    }),
  });
