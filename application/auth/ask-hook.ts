import type { HookName } from '../../domain/auth/auth-settings.ts';
import type { JsonObject } from '../../domain/auth/user.ts';
import { HookFailed, type HookAnswer, type HookFailure } from '../ports/auth-hooks.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import { AuthError, type AuthErrorCode } from './auth-error.ts';
import type { AuthProject } from './auth-project.ts';

export type HookAskers = Pick<AuthDependencies, 'hooks' | 'clock' | 'ids'>;

/** By these names the reference's hooks know them. */
const NAMES: Readonly<Record<HookName, string>> = {
  beforeUserCreated: 'before-user-created',
  customAccessToken: 'customize-access-token',
};

/** 5xx, so that the client keeps its session: it is an outage of the owner's, not the user's fault. */
const FAILURES: Readonly<Record<HookFailure, readonly [number, AuthErrorCode, string]>> = {
  timeout: [504, 'hook_timeout', 'Failed to reach hook within maximum time'],
  'timeout-after-retry': [504, 'hook_timeout_after_retry', 'Failed to reach hook after maximum retries'],
  'over-size-limit': [500, 'hook_payload_over_size_limit', 'Payload of the hook exceeded the size limit'],
  'invalid-content-type': [
    500,
    'hook_payload_invalid_content_type',
    'The hook did not answer in application/json',
  ],
  unexpected: [500, 'unexpected_failure', 'The hook did not answer as it should'],
};

/** Only while no transaction is open. @throws {AuthError} it refuses, or fails @throws {Unavailable} */
export async function askHook(
  deps: HookAskers,
  project: AuthProject,
  { hook: name, told }: { readonly hook: HookName; readonly told: JsonObject },
  { ip, signal }: AuthCaller,
): Promise<JsonObject> {
  const { hooks, clock, ids } = deps;
  const settings = project.settings.hooks[name];
  if (!settings) return {};
  const hook = { ...settings, name, secret: project.secrets.hookSecrets[name] ?? '' };
  const metadata = {
    uuid: ids.uuid(),
    time: clock.now().toISOString(),
    name: NAMES[name],
    ...(ip !== null && { ip_address: ip }),
  };
  const answer = await asAuthError(hooks.ask(project.id, hook, { metadata, ...told }, signal));
  if (answer.said === 'yes') return answer.body;
  const code = answer.status >= 500 ? 'unexpected_failure' : 'unknown';
  throw new AuthError(answer.status, code, answer.message);
}

async function asAuthError(answer: Promise<HookAnswer>): Promise<HookAnswer> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof HookFailed)) throw error;
    throw new AuthError(...FAILURES[error.failure]);
  }
}
