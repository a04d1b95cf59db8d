/** Signing in leads back to where one was, and nowhere else. */

export const signInPath = (path: string, search = ''): string => {
  const from = search === '' ? path : `${path}?${search}`;
  return from === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(from)}`;
};

/** @param search of the page that signs in. A place that is none of ours is the list of projects. */
export function wayBack(search: string): string {
  const next = new URLSearchParams(search).get('next') ?? '/';
  // one slash: two of them begin another host
  return /^\/(?![/\\])/.test(next) && !next.startsWith('/sign-') ? next : '/';
}
