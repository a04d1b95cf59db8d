/**
 * Which addresses a pattern of an owner's allows: `*` is one run without `.` and `/`, `**` is anything. It is compared part
 * by part, so that nothing in a path or a query passes for a host.
 */

const DEFAULT_PORTS: Readonly<Record<string, string>> = { 'http:': ':80', 'https:': ':443' };

/** @param url without a user in it; its fragment takes no part */
export function globAllows(pattern: string, url: URL): boolean {
  const whole = partsOfPattern(pattern);
  if (whole === undefined)
    return matches(pattern, withoutFragment(url)) || matches(pattern, withoutQuery(url));
  const { scheme, authority, rest } = whole;
  if (!matches(scheme, url.protocol.slice(0, -1)) || !matches(authorityOf(authority, url), url.host))
    return false;
  // an authority that ends with anything has anything after it, too
  if (rest === '') return authority.endsWith('**') || /^\/?$/.test(url.pathname + url.search);
  // what a client adds to an address that is allowed stands in its query
  return matches(rest, url.pathname + url.search) || matches(rest, url.pathname);
}

/** undefined: it has no authority */
function partsOfPattern(pattern: string) {
  const [, scheme, authority, rest] = /^([a-zA-Z0-9+.*-]+):\/\/([^/?#]*)([^#]*)/.exec(pattern) ?? [];
  if (scheme === undefined || authority === undefined || rest === undefined) return undefined;
  return { scheme: scheme.toLowerCase(), authority, rest };
}

/** As a URL's own parser writes it, as far as that reads patterns. */
function authorityOf(authority: string, { protocol }: URL): string {
  const port = DEFAULT_PORTS[protocol];
  if (port === undefined) return authority;
  const plain = `${protocol}//${authority}`;
  if (!authority.includes('*') && URL.canParse(plain)) return new URL(plain).host;
  const lower = authority.toLowerCase();
  return lower.endsWith(port) ? lower.slice(0, -port.length) : lower;
}

const withoutFragment = ({ href, hash }: URL): string => href.slice(0, href.length - hash.length);
const withoutQuery = (url: URL): string => {
  const bare = withoutFragment(url);
  return bare.slice(0, bare.length - url.search.length);
};

/** a character, or a star: a run, or anything */
type Step = { readonly char: string } | { readonly star: '*' | '**' };

/** Every way through the pattern at once: the time is bounded by the product of the lengths, whatever the pattern is. */
function matches(pattern: string, text: string): boolean {
  const steps: Step[] = (pattern.match(/\*+|[^*]/gsu) ?? []).map((part) =>
    part.startsWith('*') ? { star: part === '*' ? '*' : '**' } : { char: part },
  );
  let at = new Uint8Array(steps.length + 1);
  at[0] = 1;
  passStars(steps, at);
  for (const char of text) {
    const next = new Uint8Array(steps.length + 1);
    let goesOn = false;
    for (const [place, step] of steps.entries()) {
      if (at[place] !== 1) continue;
      const stays = 'star' in step && (step.star === '**' || (char !== '.' && char !== '/'));
      const moves = 'char' in step && step.char === char;
      if (stays) next[place] = 1;
      if (moves) next[place + 1] = 1;
      goesOn ||= stays || moves;
    }
    if (!goesOn) return false;
    passStars(steps, next);
    at = next;
  }
  return at[steps.length] === 1;
}

/** A star may stand for nothing: whoever is before it is behind it, too. */
function passStars(steps: readonly Step[], at: Uint8Array): void {
  for (const [place, step] of steps.entries()) if (at[place] === 1 && 'star' in step) at[place + 1] = 1;
}
