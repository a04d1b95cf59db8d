/** How people are sent on who came by a link, or from a provider: with a session, a code for one, or why not. */
import type { AuthError } from '../../application/auth/auth-error.ts';
import type { IssuedSession } from '../../application/auth/issue-session.ts';
import { withFragment, withQuery } from '../../domain/auth/redirects.ts';

export interface Way {
  readonly target: string;
  /** whose page reads the query */
  readonly isPkce: boolean;
}

export const seeOther = (location: string) => ({ status: 303, headers: { location } });

/** In the fragment, which no server reads. @param type of the link that was followed */
export const withSession = ({ target }: Way, session: IssuedSession, type?: string) =>
  seeOther(
    withFragment(target, {
      access_token: session.accessToken,
      expires_at: String(session.expiresAt),
      expires_in: String(session.expiresInSeconds),
      refresh_token: session.refreshToken,
      ...(session.providerToken !== undefined && { provider_token: session.providerToken }),
      ...(session.providerRefreshToken !== undefined && {
        provider_refresh_token: session.providerRefreshToken,
      }),
      sb: '',
      token_type: 'bearer',
      ...(type !== undefined && { type }),
    }),
  );

export const withCode = ({ target }: Way, code: string) => seeOther(withQuery(target, { code }));

/** @param error what OAuth calls it, when somebody else said so */
export const withRefusal = (
  { target, isPkce }: Way,
  { code, message, status }: AuthError,
  error = kindOf(status),
) => withWords({ target, isPkce }, { error, error_code: code, error_description: message, sb: '' });

/** Where a page of either way finds them. */
export const withWords = ({ target, isPkce }: Way, words: Readonly<Record<string, string>>) =>
  seeOther(withFragment(isPkce ? withQuery(target, words) : target, words));

function kindOf(status: number): string {
  if (status >= 500) return 'server_error';
  return status === 403 ? 'access_denied' : 'invalid_request';
}
