/**
 * Where a request goes, told from its raw request target alone. The path is judged as it came and passed on
 * as it came: nothing is decoded or normalised on the way, so there is no second reading of it in which dot
 * segments, encoded slashes or empty segments lead to another route or another project. Such paths are refused.
 */
import { isProjectId, type ProjectId } from '../../domain/project/project-id.ts';
import { DEFAULT_LIMITS } from './limits.ts';
import { routesOf, type RouteName } from './routes.ts';

export type Target =
  /** `path` is what the upstream is asked for: it begins with a slash and ends with the query as it came */
  | { readonly kind: 'data-api' | 'auth' | 'storage'; readonly project: ProjectId; readonly path: string }
  | { readonly kind: 'platform'; readonly path: string }
  | { readonly kind: 'own'; readonly page: 'health' | 'ready' }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'malformed'; readonly reason: string };

// RFC 3986: segments of pchar
const PATH = /^(?:\/(?:[\w\-.~!$&'()*+,;=:@]|%[0-9A-Fa-f]{2})*)+$/;
// wider than RFC 3986, because people type quotes and brackets into filters and PostgREST takes them
const QUERY = /^[\x21\x22\x24-\x7e\x80-\xff]*$/;

const OWN_PAGES: Readonly<Record<string, 'health' | 'ready'>> = {
  '/health': 'health',
  '/ready': 'ready',
};

interface Way {
  readonly kind: RouteName;
  /** what the upstream is asked for is what comes after the prefix, or all of it */
  readonly path: 'below' | 'whole';
}
type Ways = ReadonlyMap<string, Way>;
const [ofProjects, wholePaths, firstSegments] = waysOf();

/** By the segment below a project, by whole paths, by first segments. */
function waysOf(): readonly [Ways, Ways, Ways] {
  const ways = [new Map<string, Way>(), new Map<string, Way>(), new Map<string, Way>()] as const;
  for (const [name, { place, to }] of Object.entries(routesOf(DEFAULT_LIMITS))) {
    const way: Way = { kind: name as RouteName, path: to === 'data-api' ? 'below' : 'whole' };
    if (place.of === 'project') ways[0].set(place.segment, way);
    else {
      for (const path of place.paths) ways[1].set(path, way);
      for (const segment of place.below) ways[2].set(segment, way);
    }
  }
  return ways;
}

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
  const [first = ''] = segments;
  if (first === 'project') return projectRoute(segments.slice(1), query, requestTarget);
  const way = wholePaths.get(path) ?? firstSegments.get(first);
  return way ? ({ kind: way.kind, path: requestTarget } as Target) : { kind: 'not-found' };
}

function projectRoute([project, ...rest]: readonly string[], query: string, requestTarget: string): Target {
  if (project === undefined || !isProjectId(project)) return { kind: 'not-found' };
  const [segment, version, ...below] = rest;
  if (segment === undefined || segment === '') return { kind: 'not-found' };
  // the short form: one segment, a table
  if (version === undefined) return { kind: 'data-api', project, path: `/${segment}${query}` };
  const way = version === 'v1' ? ofProjects.get(segment) : undefined;
  if (!way) return { kind: 'not-found' };
  const path = way.path === 'below' ? `/${below.join('/')}${query}` : requestTarget;
  return { kind: way.kind, project, path } as Target;
}

function faultOf(path: string, segments: readonly string[], query: string): string | undefined {
  if (!path.startsWith('/')) return 'The request target has to begin with a slash.';
  if (!PATH.test(path)) return 'The path holds characters that have to be percent-encoded.';
  if (!QUERY.test(query)) return 'The query holds characters that have to be percent-encoded.';
  // one empty segment at the end is a trailing slash
  if (path.includes('//')) return 'The path holds an empty segment.';
  // what every such segment needs comes first: this is asked of every request
  return (path.includes('%') || path.includes('/.')) && segments.some(isTreacherous)
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
