/**
 * Somebody is sent to a provider, to come back as who they are there. The browser that they go with keeps a key, and the row
 * its hash: nobody comes back with what was begun in another browser, and who reads the row knows nothing of it.
 */
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

type Needed = Pick<AuthDependencies, 'directory' | 'providers' | 'codes' | 'clock' | 'ids'>;
type Codes = Pick<AuthDependencies, 'codes'>;

/**
 * @param browserKey that their browser keeps already, of another tab; it serves both
 * @returns where they are sent to, and the key that their browser is to keep
 * @throws {AuthError} 400 validation_failed, 503
 */
export async function beginProviderFlow(
  deps: Needed,
  project: AuthProject,
  request: ProviderFlowRequest,
  caller: AuthCaller,
  browserKey = deps.codes.randomText(SECRET_BYTES),
): Promise<{ readonly address: string; readonly browserKey: string }> {
  const id = deps.ids.uuid();
  const authCode = boundTo(deps, id, browserKey);
  const flow = flowOf(deps, project, request, { id, authCode, linkingTargetId: null });
  return { address: await begun(deps, project, request, flow, caller, browserKey), browserKey };
}

/**
 * The same for whoever is signed in and wants to be known by it, too. Their client asks by a script of another site, for which
 * no browser keeps a key: whoever goes to where this leads is not known to be them before they show their verifier.
 * @returns where they are to go @throws {AuthError} 400 validation_failed, 404 manual_linking_disabled, 503; 403 as requireUser
 */
export async function beginLinking(
  deps: Needed,
  project: AuthProject,
  request: ProviderFlowRequest,
  caller: AuthCaller,
  shown: ShownToken,
): Promise<string> {
  requireLinking(project);
  const now = deps.clock.now();
  const { user } = await deps.directory.with(project.id, (rows) => requireUser(rows, shown, now), caller);
  const secret = deps.codes.randomText(SECRET_BYTES);
  const row = { id: deps.ids.uuid(), authCode: secret, linkingTargetId: user.id };
  return begun(deps, project, request, flowOf(deps, project, request, row), caller, secret);
}

function flowOf(
  { clock }: Needed,
  project: AuthProject,
  request: ProviderFlowRequest,
  row: Pick<Flow, 'id' | 'authCode' | 'linkingTargetId'>,
): Flow {
  const { redirectTo, challenge } = wayBack(project, request);
  return {
    ...row,
    userId: null,
    codeChallenge: challenge?.challenge ?? '',
    codeChallengeMethod: challenge?.method ?? 's256',
    providerType: request.provider,
    method: 'oauth',
    createdAt: clock.now(),
    authCodeIssuedAt: null,
    providerAccessToken: null,
    providerRefreshToken: null,
    redirectTo,
  };
}

async function begun(
  deps: Needed,
  project: AuthProject,
  { provider, scopes, further }: ProviderFlowRequest,
  flow: Flow,
  caller: AuthCaller,
  secret: string,
): Promise<string> {
  const used = usedProvider(project, provider, scopes);
  const address = await asked(deps.providers.begin(used, checksOf(deps, flow.id, secret), further));
  await deps.directory.with(project.id, (rows) => rows.flows.insert(flow), caller);
  return address;
}

/** @throws {AuthError} 404 */
export function requireLinking({ settings }: AuthProject): void {
  if (!settings.manualLinking)
    throw new AuthError(404, 'manual_linking_disabled', 'Manual linking is disabled');
}

/** What is kept of the browser's key. No UUID, so it can be exchanged for nothing. */
export const boundTo = ({ codes }: Codes, id: string, browserKey: string): string =>
  codes.challengeOf(`browser ${id} ${browserKey}`);

/** What passes by addresses, where others may read it, tells nothing of the verifier. @param secret of the browser, or the row */
export const checksOf = ({ codes }: Codes, id: string, secret: string): ProviderChecks => ({
  state: id,
  verifier: codes.challengeOf(`verifier ${id} ${secret}`),
  nonce: codes.challengeOf(`nonce ${id} ${secret}`),
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
