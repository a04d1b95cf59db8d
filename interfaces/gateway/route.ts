/**
 * Where a request goes, told from its raw request target alone. The path is judged as it came and passed on
 * as it came: nothing is decoded or normalised on the way, so there is no second reading of it in which dot
 * segments, encoded slashes or empty segments lead to another route or another project. Such paths are refused.
 */
import { isProjectId, type ProjectId } from '../../domain/project/project-id.ts';

export type Target =
  /** `path` is what the upstream is asked for: it begins with a slash and ends with the query as it came */
  | { readonly kind: 'platform'; readonly path: string }
  | { readonly kind: 'data-api'; readonly project: ProjectId; readonly path: string }
  /** a service of a project that is not there yet */
  | { readonly kind: 'not-implemented'; readonly service: 'auth' | 'storage' }
  | { readonly kind: 'own'; readonly page: 'welcome' | 'health' | 'ready' }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'malformed'; readonly reason: string };

// RFC 3986: segments of pchar
const PATH = /^(?:\/(?:[\w\-.~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})*)+$/;
// wider than RFC 3986, because people type quotes and brackets into filters and PostgREST takes them
const QUERY = /^[\x21\x22\x24-\x7e\x80-\xff]*$/;

const OWN_PAGES: Readonly<Record<string, 'welcome' | 'health' | 'ready'>> = {
  '/': 'welcome',
  '/health': 'health',
  '/ready': 'ready',
};

/** Total: every text has a target. */
export function routeOf(requestTarget: string): Target {
  const mark = requestTarget.indexOf('?');
  const path = mark === -1 ? requestTarget : requestTarget.slice(0, mark);
  const query = mark === -1 ? '' : requestTarget.slice(mark);
  const segments = path.slice(1).split('/');
  const reason = faultOf(path, segments, query);
  if (reason !== undefined) return { kind: 'malformed', reason };

  const page = Object.hasOwn(OWN_PAGES, path) ? OWN_PAGES[path] : undefined;
  if (page !== undefined) return { kind: 'own', page };
  const [first] = segments;
  if (first === 'api' || path === '/docs' || path === '/openapi.json') {
    return { kind: 'platform', path: requestTarget };
  }
  return first === 'project' ? projectRoute(segments.slice(1), query) : { kind: 'not-found' };
}

function projectRoute([project, ...rest]: readonly string[], query: string): Target {
  if (project === undefined || !isProjectId(project)) return { kind: 'not-found' };
  const [service, version, ...below] = rest;
  if (service === undefined || service === '') return { kind: 'not-found' };
  // the short form: one segment, a table
  if (version === undefined) return { kind: 'data-api', project, path: `/${service}${query}` };
  if (version !== 'v1') return { kind: 'not-found' };
  if (service === 'rest') return { kind: 'data-api', project, path: `/${below.join('/')}${query}` };
  if (service === 'auth' || service === 'storage') return { kind: 'not-implemented', service };
  return { kind: 'not-found' };
}

function faultOf(path: string, segments: readonly string[], query: string): string | undefined {
  if (!path.startsWith('/')) return 'The request target has to begin with a slash.';
  if (!PATH.test(path)) return 'The path holds characters that have to be percent-encoded.';
  if (!QUERY.test(query)) return 'The query holds characters that have to be percent-encoded.';
  // one empty segment at the end is a trailing slash
  if (segments.slice(0, -1).includes('')) return 'The path holds an empty segment.';
  return segments.some(isTreacherous)
    ? 'The path holds a dot segment, an encoded slash, backslash or control character, or bytes that are not UTF-8.'
    : undefined;
}

function isTreacherous(segment: string): boolean {
  const text = segment.includes('%') ? decoded(segment) : segment;
  // eslint-disable-next-line no-control-regex -- those are what it looks for
  return text === undefined || text === '.' || text === '..' || /[/\\\x00-\x1f\x7f]/.test(text);
}

function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
