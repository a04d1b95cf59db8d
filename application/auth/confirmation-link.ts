/** What a mail's link is: to us, with the hash of its code, and with where people go from there. */
import { redirectFor, withQuery } from '../../domain/auth/redirects.ts';
import type { AuthProject } from './auth-project.ts';

/** Where people come back to: what was asked for, if it may be; the project's site otherwise. */
export const redirectOf = (
  { siteUrl, settings }: AuthProject,
  asked: string | undefined,
  referer?: string,
): string => redirectFor(asked, referer, { siteUrl, allowed: settings.allowedRedirects });

export const confirmationLink = (
  { url }: AuthProject,
  { hash, type, redirectTo }: { readonly hash: string; readonly type: string; readonly redirectTo: string },
): string => withQuery(`${url}/verify`, { token: hash, type, redirect_to: redirectTo });
