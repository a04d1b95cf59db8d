/** What whoever asks for a mail says about the way back. */
import { codeChallengeOf, InvalidChallenge, type CodeChallenge } from '../../domain/auth/pkce.ts';
import { invalid } from './auth-error.ts';
import type { AuthProject } from './auth-project.ts';
import { siteRedirect } from './site-redirects.ts';

export interface MailOrder {
  /** as asked for: where it leads to is for the project's rules to say */
  readonly redirectTo?: string | undefined;
  readonly referer?: string | undefined;
  readonly codeChallenge?: string | null | undefined;
  readonly codeChallengeMethod?: string | null | undefined;
}

export interface WayBack {
  readonly redirectTo: string;
  readonly challenge: CodeChallenge | null;
}

/** @throws {AuthError} 400: it cannot be gone by PKCE like this */
export function wayBack(project: AuthProject, order: MailOrder): WayBack {
  try {
    const challenge = codeChallengeOf(order.codeChallenge, order.codeChallengeMethod);
    return { redirectTo: siteRedirect(project, order.redirectTo, order.referer), challenge };
  } catch (error) {
    throw error instanceof InvalidChallenge ? invalid(error.message) : error;
  }
}
