/** Where a project's users may be sent back to. */
import { redirectFor } from '../../domain/auth/redirects.ts';
import type { AuthProject } from './auth-project.ts';

/** What was asked for, when the owner allows it; else the page that asked; else the site. */
export const siteRedirect = (
  { siteUrl, settings }: Pick<AuthProject, 'siteUrl' | 'settings'>,
  asked: string | undefined,
  referer?: string,
): string => redirectFor(asked, referer, { siteUrl, allowed: settings.allowedRedirects });
