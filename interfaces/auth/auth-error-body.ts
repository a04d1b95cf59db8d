/**
 * Errors as `@supabase/auth-js` reads them (contracts of the client, since its API version 2024-01-01): the code is a text
 * there, and the number of the status before. The answer says by its own header which of the two it is.
 */
import type { AuthErrorCode } from '../../application/auth/auth-error.ts';
import type { ErrorAnswer, ErrorBody } from '../http/error-body.ts';
import type { Problem } from '../http/problems.ts';

const VERSION = '2024-01-01';
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** Those of the HTTP kit and of the platform, in the client's words. An outage is never a 4xx: the client would sign out. */
const CODES: Readonly<Record<string, AuthErrorCode>> = {
  'request/invalid': 'validation_failed',
  'request/unauthenticated': 'no_authorization',
  'request/too-large': 'request_entity_too_large',
  'request/too-many': 'over_request_rate_limit',
  'request/timeout': 'request_timeout',
  'request/method-not-allowed': 'validation_failed',
  'request/unsupported-media-type': 'bad_json',
  'project/not-active': 'project_not_active',
  'project/upgrade-needed': 'project_not_active',
};
const STATUSES: Readonly<Record<string, number>> = {
  'project/not-active': 503,
  'project/upgrade-needed': 503,
};

export const authErrorBody: ErrorBody = (problem, { headers, requestId }) => {
  if (problem.code === 'request/no-such-route' || problem.code === 'project/not-found') return plain(problem);
  const code = codeOf(problem);
  const status = STATUSES[problem.code] ?? problem.status;
  const asked = headers['x-supabase-api-version']?.toString() ?? '';
  const isNew = DATE.test(asked) && asked >= VERSION;
  const { errors: _, ...members } = problem.members ?? {};
  const body = isNew
    ? { code, message: problem.detail, ...members }
    : {
        code: status,
        error_code: code,
        msg: problem.detail,
        ...(status >= 500 && { error_id: requestId }),
        ...members,
      };
  return {
    status,
    headers: {
      ...problem.headers,
      'content-type': 'application/json',
      'x-sb-error-code': code,
      ...(isNew && { 'x-supabase-api-version': VERSION }),
    },
    body: JSON.stringify(body),
  };
};

const plain = ({ status, detail }: Problem): ErrorAnswer => ({
  status,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: `${detail}\n`,
});

function codeOf({ code, members }: Problem): string {
  const errors = members?.['errors'] as readonly { readonly pointer: string }[] | undefined;
  // the body itself, and not something in it
  if (code === 'request/invalid' && errors?.[0]?.pointer === '/body') return 'bad_json';
  if (!code.includes('/')) return code;
  return CODES[code] ?? 'unexpected_failure';
}
