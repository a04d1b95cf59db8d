import { z } from 'zod';
import {
  changeAuthSettingsOf,
  type ChangeAuthSettingsDependencies,
} from '../../application/auth/change-auth-settings.ts';
import { loadAuthSettings } from '../../application/auth/load-auth-settings.ts';
import { loadOwnedProject } from '../../application/project/load-project.ts';
import type { AuthSettingsState } from '../../domain/auth/auth-settings-decider.ts';
import { InvalidAuthSettings } from '../../domain/auth/auth-settings-rules.ts';
import { AUTH_DEFAULTS, NO_AUTH_SECRETS } from '../../domain/auth/auth-settings.ts';
import { DEFAULT_TEMPLATES } from '../../domain/auth/default-templates.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { json } from '../http/body.ts';
import { etagOf, includesRevision, parseIfMatch, parseIfNoneMatch } from '../http/etag.ts';
import { invalidRequest } from '../http/problems.ts';
import {
  authChangeOf,
  authSettingsBody,
  authSettingsChange,
  authSettingsView,
  mailTemplates,
  snake,
} from './auth-settings-body.ts';
import { endpoint, type Endpoint } from './owner-endpoint.ts';
import { idParam } from './project-view.ts';

export interface ProjectAuthDependencies extends ChangeAuthSettingsDependencies {
  /** how the gateway is reached from outside, without a slash at the end */
  readonly publicUrl: string;
}

const MOST_BYTES = 2 * 1024 * 1024;
const tags = ['auth'];
const view = z.object({
  auth_url: z.string().describe("The project's auth service, as its users' apps reach it."),
  settings: authSettingsView,
  defaults: authSettingsView.describe('What they are of a project that nobody has set anything for.'),
  default_templates: mailTemplates.describe(
    'What is mailed of a kind that settings.templates does not have.',
  ),
});

export const projectAuthEndpoints = (dependencies: ProjectAuthDependencies): Endpoint[] => [
  read(dependencies),
  patch(dependencies),
];

const path = '/api/projects/:id/auth/settings';

const read = (dependencies: ProjectAuthDependencies): Endpoint =>
  endpoint({
    method: 'get',
    path,
    summary: "The settings of a project's auth service",
    description: 'Of a secret only whether it is set is shown.',
    tags,
    auth: 'owner',
    params: idParam,
    headers: z.object({ 'if-none-match': z.string().max(500).optional() }),
    responses: { 200: view, 304: 'Not changed' },
    handler: async ({ owner, params, headers }) => {
      const { project } = await loadOwnedProject(dependencies.store, owner.id, params.id);
      const state = await loadAuthSettings(dependencies.store, project.id);
      const known = parseIfNoneMatch(headers['if-none-match']);
      if (known && includesRevision(known, changesOf(state)))
        return { status: 304, headers: { etag: etagOf(changesOf(state)) } };
      return { status: 200, ...answer(dependencies, project.id, state) };
    },
  });

const patch = (dependencies: ProjectAuthDependencies): Endpoint =>
  endpoint({
    method: 'patch',
    path,
    summary: "Change the settings of a project's auth service",
    description:
      'Merged, key by key at every depth: what is absent stays, and null is the default again. A secret is written and never shown; null takes it away, and it has to be given again when the host changes that it is for. In force within a second.',
    tags,
    auth: 'owner',
    rate: 'document',
    params: idParam,
    headers: z.object({ 'if-match': z.string().max(200).optional() }),
    body: json(z.strictObject({ settings: authSettingsChange.optional() }), { bytes: MOST_BYTES }),
    responses: { 200: view },
    handler: async ({ owner, params, headers, body, context }) => {
      const wanted = parseIfMatch(headers['if-match']);
      const who = { ownerId: owner.id, projectId: params.id };
      const mayFollow = (revision: number) => !wanted || includesRevision(wanted, revision + 1);
      const change = authChangeOf(body.settings ?? {});
      const state = await changeAuthSettingsOf(dependencies, who, change, context, mayFollow).catch(pointed);
      return { status: 200, ...answer(dependencies, params.id, state) };
    },
  });

/** How often they were changed: 0 before the first time, which is no revision of a stream. */
const changesOf = ({ revision }: AuthSettingsState): number => revision + 1;

function answer({ vault, publicUrl }: ProjectAuthDependencies, id: ProjectId, state: AuthSettingsState) {
  const secrets = state.secrets ? vault.open(id, state.secrets) : NO_AUTH_SECRETS;
  return {
    headers: { etag: etagOf(changesOf(state)) },
    body: {
      auth_url: `${publicUrl}/project/${id}/auth/v1`,
      settings: authSettingsBody(state.settings, secrets),
      defaults: authSettingsBody(AUTH_DEFAULTS, NO_AUTH_SECRETS),
      default_templates: DEFAULT_TEMPLATES,
    },
  };
}

/** Each fault with its place in the body. */
function pointed(error: unknown): never {
  if (!(error instanceof InvalidAuthSettings)) throw error;
  throw invalidRequest(
    error.faults.map((fault) => ({
      pointer: ['/body/settings', ...fault.path.map(snake)].join('/'),
      detail: fault.detail,
    })),
  );
}
