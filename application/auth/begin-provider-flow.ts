/** Somebody is sent to a provider, to come back as who they are there. */
import type { ProviderChecks } from '../ports/sign-in-providers.ts';
import { ProviderRefused } from '../ports/sign-in-providers.ts';
import type { ShownToken } from '../ports/user-tokens.ts';
import type { Flow } from '../../domain/auth/user.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import { AuthError } from './auth-error.ts';
import type { AuthProject } from './auth-project.ts';
import { wayBack, type MailOrder } from './mail-order.ts';
import { requireUser } from './require-user.ts';
import { usedProvider } from './used-provider.ts';

export interface ProviderFlowRequest extends MailOrder {
  readonly provider: string;
  readonly scopes: string;
  /** what the app wants the provider to be told, too */
  readonly further: ReadonlyMap<string, string>;
}

export const PROVIDER_FLOW_MS = 10 * 60_000;
const SECRET_BYTES = 32;

type Needed = Pick<AuthDependencies, 'directory' | 'providers' | 'codes' | 'clock' | 'ids' | 'rates'>;

/**
 * @param linkTo whoever asks for another way to be known by
 * @returns where they are sent to @throws {AuthError} 400 validation_failed, 404 manual_linking_disabled, 503; 403 as requireUser
 */
export async function beginProviderFlow(
  deps: Needed,
  project: AuthProject,
  request: ProviderFlowRequest,
  caller: AuthCaller,
  linkTo?: ShownToken,
): Promise<string> {
  if (linkTo) requireLinking(project);
  const provider = usedProvider(project, request.provider, request.scopes);
  const { redirectTo, challenge } = wayBack(project, request);
  const now = deps.clock.now();
  const flow: Flow = {
    id: deps.ids.uuid(),
    userId: null,
    authCode: deps.codes.randomText(SECRET_BYTES),
    codeChallenge: challenge?.challenge ?? '',
    codeChallengeMethod: challenge?.method ?? 's256',
    providerType: provider.name,
    method: 'oauth',
    createdAt: now,
    authCodeIssuedAt: null,
    providerAccessToken: null,
    providerRefreshToken: null,
    redirectTo,
    linkingTargetId: linkTo?.sub ?? null,
  };
  const address = await asked(deps.providers.begin(provider, checksOf(deps, flow), request.further));
  await deps.directory.with(
    project.id,
    async (rows) => {
      if (linkTo) await requireUser(rows, linkTo, now);
      await rows.flows.deleteOlder(new Date(now.getTime() - PROVIDER_FLOW_MS));
      await rows.flows.insert(flow);
    },
    caller,
  );
  return address;
}

/** @throws {AuthError} 404 */
export function requireLinking({ settings }: AuthProject): void {
  if (!settings.manualLinking)
    throw new AuthError(404, 'manual_linking_disabled', 'Manual linking is disabled');
}

/** What passes by the user's browser tells nothing of the verifier. */
export const checksOf = (
  { codes }: Pick<AuthDependencies, 'codes'>,
  { id, authCode }: Flow,
): ProviderChecks => ({
  state: id,
  verifier: authCode,
  nonce: codes.challengeOf(`nonce ${authCode}`),
});

/** An outage, to the client: it is not the user who is refused. */
async function asked<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof ProviderRefused)) throw error;
    throw new AuthError(503, 'unexpected_failure', 'The provider could not be asked.');
  }
}
