/** Somebody comes back from a provider. What began it is spent, whatever becomes of it. */
import { isUuid } from '../../domain/auth/uuid.ts';
import type { Flow } from '../../domain/auth/user.ts';
import { Unavailable } from '../errors.ts';
import { SqlFailed } from '../ports/project-sql.ts';
import { ProviderRefused, type ProviderAnswer } from '../ports/sign-in-providers.ts';
import type { UserTransaction } from '../ports/user-directory.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import { AuthError } from './auth-error.ts';
import type { AuthProject } from './auth-project.ts';
import { audit } from './audit.ts';
import { boundTo, checksOf, PROVIDER_FLOW_MS, requireLinking } from './begin-provider-flow.ts';
import { hooked } from './hooked.ts';
import { beginSession, type IssuedSession } from './issue-session.ts';
import { linkable, linkedTo, providerUser, type Arrival, type ProviderUser } from './provider-user.ts';
import { siteRedirect } from './site-redirects.ts';
import { usedProvider } from './used-provider.ts';

/** Where they are sent on to, and with what. */
export type CameBack = { readonly target: string; readonly isPkce: boolean } & (
  | { readonly became: 'signed-in'; readonly session: IssuedSession }
  | { readonly became: 'code'; readonly authCode: string }
  /** `said`: what OAuth calls it, when it was the provider that said no */
  | { readonly became: 'refused'; readonly error: AuthError; readonly said?: string | undefined }
);

/**
 * @param said the query that they came with
 * @param browserKey that their browser keeps; none: empty
 * @throws {Unavailable} of the project's database
 */
export async function finishProviderFlow(
  deps: AuthDependencies,
  project: AuthProject,
  said: URLSearchParams,
  caller: AuthCaller,
  browserKey: string,
): Promise<CameBack> {
  const state = said.get('state') ?? '';
  const hash = boundTo(deps, state, browserKey);
  const flow = isUuid(state)
    ? await deps.directory.with(project.id, (rows) => rows.flows.take(state, hash), caller)
    : undefined;
  const isLate = flow && deps.clock.now().getTime() - flow.createdAt.getTime() > PROVIDER_FLOW_MS;
  if (!flow || isLate) {
    const error = new AuthError(
      400,
      'bad_oauth_state',
      'OAuth state is invalid, was used before, has expired, or is of another browser',
    );
    // nobody knows which way they began by
    return { target: siteRedirect(project, undefined), isPkce: true, became: 'refused', error };
  }
  const way = {
    target: siteRedirect(project, flow.redirectTo ?? undefined),
    isPkce: flow.codeChallenge !== '',
  };
  try {
    const provider = usedProvider(project, flow.providerType);
    const secret = flow.linkingTargetId ? flow.authCode : browserKey;
    const answer = await deps.providers.finish(provider, checksOf(deps, flow.id, secret), said);
    return { ...way, ...(await arrived(deps, project, flow, answer, caller)) };
  } catch (error) {
    return { ...way, became: 'refused', ...refusalOf(error) };
  }
}

type Arrived =
  | { readonly became: 'signed-in'; readonly session: IssuedSession }
  | { readonly became: 'code'; readonly authCode: string };

async function arrived(
  deps: AuthDependencies,
  project: AuthProject,
  flow: Flow,
  answer: ProviderAnswer,
  caller: AuthCaller,
): Promise<Arrived> {
  const order = {
    redirectTo: flow.redirectTo ?? undefined,
    codeChallenge: flow.codeChallenge || null,
    codeChallengeMethod: flow.codeChallenge ? flow.codeChallengeMethod : null,
  };
  const found = await hooked(deps, project, caller, async (rows) => {
    const { account } = answer;
    const arrival: Arrival = { deps, rows, project, account, order, caller, now: deps.clock.now() };
    const person = await personOf(arrival, flow);
    return person.became === 'known' ? letIn(arrival, flow, answer, person) : person;
  });
  if (found.became !== 'unverified') return found;
  // told when the user is there for good, and the mail in the outbox
  if (found.mailed) deps.mailWaits(project);
  throw needsVerification(flow.providerType);
}

async function personOf(arrival: Arrival, { linkingTargetId, codeChallenge }: Flow): Promise<ProviderUser> {
  if (!linkingTargetId) return providerUser(arrival);
  requireLinking(arrival.project);
  // who comes may have followed a link of somebody else's: with PKCE it is for whoever has the verifier to link
  const link = codeChallenge === '' ? linkedTo : linkable;
  return { became: 'known', user: await link(arrival, linkingTargetId) };
}

/** The same, whether there is somebody else of that address or not. */
export const needsVerification = (provider: string): AuthError =>
  new AuthError(
    403,
    'provider_email_needs_verification',
    `Unverified email with ${provider}. A confirmation email has been sent to your ${provider} email`,
  );

async function letIn(
  { deps, rows, project, account, caller, now }: Arrival,
  flow: Flow,
  { accessToken, refreshToken }: ProviderAnswer,
  { user }: Extract<ProviderUser, { became: 'known' }>,
): Promise<Arrived> {
  if (flow.codeChallenge !== '') {
    const known = {
      userId: user.id,
      providerAccessToken: accessToken,
      providerRefreshToken: refreshToken,
      identityData: flow.linkingTargetId ? account.data : null,
    };
    return { became: 'code', authCode: await codeFor(deps, rows, { ...flow, ...known }, now) };
  }
  await audit(rows, 'login', user, now, caller, { provider: flow.providerType });
  const session = {
    ...(await beginSession(deps, rows, project, user, 'oauth', caller)),
    ...(accessToken !== null && { providerToken: accessToken }),
    ...(refreshToken !== null && { providerRefreshToken: refreshToken }),
  };
  return { became: 'signed-in', session };
}

/** The provider's tokens go with it, until whoever has the verifier comes, or it is too late. */
async function codeFor(
  { ids }: Pick<AuthDependencies, 'ids'>,
  rows: UserTransaction,
  flow: Flow,
  now: Date,
): Promise<string> {
  const authCode = ids.uuid();
  await rows.flows.insert({ ...flow, id: ids.uuid(), authCode, createdAt: now, authCodeIssuedAt: now });
  return authCode;
}

/** Whoever waits in a browser is sent back with it. */
function refusalOf(error: unknown): { readonly error: AuthError; readonly said?: string | undefined } {
  if (error instanceof AuthError) return { error };
  if (error instanceof ProviderRefused)
    return {
      error: new AuthError(
        400,
        'bad_oauth_callback',
        error.error === undefined
          ? 'What the provider says does not hold'
          : `The provider said no: ${error.error}`,
      ),
      said: error.error,
    };
  if (error instanceof SqlFailed)
    return { error: new AuthError(500, 'unexpected_failure', 'Database error saving new user') };
  if (error instanceof Unavailable)
    return { error: new AuthError(503, 'unexpected_failure', 'Something is away: try again') };
  throw error;
}
