/** What the auth service's answers tell its operator: counted when they are given, so nothing is counted that was rolled back. */
import { AuthError } from '../../application/auth/auth-error.ts';
import type { AuthMetrics, SignInWay } from '../../application/ports/auth-metrics.ts';
import type { Endpoint, EndpointRequest, Reply } from '../http/endpoint.ts';
import type { ErrorBody } from '../http/error-body.ts';
import { ProblemError } from '../http/problems.ts';

/** By the end of the path, and what is asked for: by the query or, of a factor, by what the body has. */
const METHODS: Readonly<Record<string, SignInWay | 'refresh'>> = {
  'post /signup': 'email/signup',
  'post /token?password': 'password',
  'post /token?refresh_token': 'refresh',
  'post /token?pkce': 'pkce',
  'post /token?id_token': 'oauth',
  'post /verify': 'otp',
  'get /verify': 'otp',
  'get /callback': 'oauth',
  'post /factors/:id/verify': 'totp',
  'post /factors/:id/verify?webauthn': 'mfa/webauthn',
  'post /factors/recovery-codes/verify': 'recovery_code',
  'post /passkeys/authentication/verify': 'passkey',
};

/** The same endpoints; each answer that begins a session or goes on with one is counted, and each that refuses to. */
export const countedEndpoints = <E extends Endpoint>(
  endpoints: readonly E[],
  metrics: AuthMetrics,
): readonly E[] =>
  endpoints.map((endpoint) => ({
    ...endpoint,
    handler: async (request: EndpointRequest) => {
      const method = methodOf(endpoint, request);
      if (!method) return endpoint.handler(request);
      try {
        const reply = await endpoint.handler(request);
        count(reply, method, metrics);
        return reply;
      } catch (error) {
        if (method !== 'refresh' && isRefusal(error)) metrics.signInRefused(method);
        throw error;
      }
    },
  }));

function methodOf(
  { method, path }: Endpoint,
  { query, body }: EndpointRequest,
): SignInWay | 'refresh' | undefined {
  const below = path.replace('/project/:project/auth/v1', '');
  const grant = below === '/token' ? `?${String((query as { grant_type?: unknown }).grant_type)}` : '';
  const isKey =
    below === '/factors/:id/verify' && Boolean((body as { webauthn?: unknown } | undefined)?.webauthn);
  return METHODS[`${method} ${below}${isKey ? '?webauthn' : grant}`];
}

function count(reply: Reply, method: SignInWay | 'refresh', metrics: AuthMetrics): void {
  const location = reply.headers?.['location'];
  if (location !== undefined) return countRedirect(location, method, metrics);
  const body = 'body' in reply ? (reply.body as SessionBody | undefined) : undefined;
  if (typeof body?.access_token !== 'string') return;
  if (method === 'refresh') metrics.sessionRefreshed();
  else metrics.signedIn(body.user?.is_anonymous === true && method === 'email/signup' ? 'anonymous' : method);
}

interface SessionBody {
  readonly access_token?: unknown;
  readonly user?: { readonly is_anonymous?: unknown };
}

/** Who followed a link is sent on, whatever became of it; with a code for PKCE the session begins later. */
function countRedirect(location: string, method: SignInWay | 'refresh', metrics: AuthMetrics): void {
  if (method === 'refresh') return;
  const said = new URLSearchParams(location.split('#')[1] ?? '');
  const code = said.get('error_code');
  if (said.has('access_token')) metrics.signedIn(method);
  else if (said.has('error')) {
    metrics.signInRefused(method);
    metrics.refused(code ?? 'unexpected_failure');
  }
}

/** What is away or too much is nobody's wrong password. */
const isRefusal = (error: unknown): boolean => {
  const status =
    error instanceof ProblemError ? error.problem.status : error instanceof AuthError ? error.status : 500;
  return status < 500 && status !== 429;
};

/** The same errors, counted by the code that the client reads. */
export const countedErrors =
  (errorBody: ErrorBody, metrics: AuthMetrics): ErrorBody =>
  (problem, asked) => {
    const answer = errorBody(problem, asked);
    const code = answer.headers['x-sb-error-code'];
    if (code !== undefined) metrics.refused(code);
    return answer;
  };
