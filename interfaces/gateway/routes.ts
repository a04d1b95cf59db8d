/**
 * The services behind the door, one row each. A new service is a row here and, if Caddy is to reach it without us, one in
 * infrastructure/caddy/Caddyfile; caddyfile.test.ts holds the two equal. Bodies and answers stream both ways on all of them.
 */
import type { Dependency } from '../../application/errors.ts';
import type { GatewayLimits } from './limits.ts';

export type RouteName = 'data-api' | 'auth' | 'storage' | 'platform';
/** those that are one process for all projects */
export type ServiceName = 'auth' | 'storage' | 'platform';

export type Place =
  /** `/project/{id}/{segment}/v1/...`; `short`: a table's `/project/{id}/{table}`, too */
  | { readonly of: 'project'; readonly segment: string; readonly short?: true }
  /** whole paths, and first segments with everything below them */
  | { readonly of: 'platform'; readonly paths: readonly string[]; readonly below: readonly string[] };

export interface Route {
  readonly place: Place;
  /** `data-api`: that of the project, asked without the prefix; `service`: asked by the path as it came */
  readonly to: 'data-api' | 'service';
  /** what callers hear of when it is away */
  readonly service: Dependency;
  /** who may: `needed`: with a key alone; `copied`: the key stands in for an Authorization; `left`: its own affair */
  readonly apikey: 'needed' | 'copied' | 'left';
  /** whose pages may ask from a browser: of `any` origin, where a key decides and no cookie does */
  readonly origins: 'any' | 'own';
  /** what their scripts may read of an answer, beside what they always may */
  readonly exposed: readonly string[];
  readonly bodyBytes: number;
  /** how much of a body is read away after an early answer, which clients read when they have sent theirs */
  readonly discardBytes: number;
  /** for the whole request to arrive */
  readonly requestMs: number;
  /** without a byte from it, or from a client that does not read */
  readonly silenceMs: number;
  /** connections to each upstream */
  readonly sockets: number;
  /** whether Caddy goes there itself, without the gateway in between */
  readonly direct: boolean;
}

const MIB = 1024 * 1024;
const HOUR_MS = 3_600_000;

const STORAGE_EXPOSED = [
  'etag',
  'accept-ranges',
  'content-range',
  'content-encoding',
  'content-disposition',
  'x-transformations',
  'location',
  'upload-offset',
  'upload-length',
  'upload-metadata',
  'upload-expires',
  'upload-defer-length',
  'tus-resumable',
  'tus-version',
  'tus-extension',
  'tus-max-size',
  'tus-checksum-algorithm',
];

export const routesOf = (limits: GatewayLimits): Readonly<Record<RouteName, Route>> => ({
  'data-api': {
    place: { of: 'project', segment: 'rest', short: true },
    to: 'data-api',
    service: 'rest_api',
    apikey: 'needed',
    origins: 'any',
    // without the first a count is null there
    exposed: ['content-range', 'content-location', 'location', 'preference-applied'],
    bodyBytes: limits.bodyBytes,
    discardBytes: limits.discardBytes,
    requestMs: limits.requestMs,
    silenceMs: limits.idleMs,
    sockets: limits.socketsPerProject,
    direct: true,
  },
  auth: {
    place: { of: 'project', segment: 'auth' },
    to: 'service',
    service: 'auth',
    apikey: 'left',
    origins: 'any',
    // without the first two a list of users has no total there, without the others an error has no code
    exposed: ['x-total-count', 'link', 'x-supabase-api-version', 'x-sb-error-code'],
    // it takes 1 MiB, and refuses more in the words that its clients read
    bodyBytes: 16 * MIB,
    discardBytes: limits.discardBytes,
    requestMs: limits.requestMs,
    silenceMs: limits.idleMs,
    sockets: limits.platformSockets,
    direct: false,
  },
  storage: {
    place: { of: 'project', segment: 'storage' },
    to: 'service',
    service: 'storage',
    apikey: 'copied',
    origins: 'any',
    // clients of resumable uploads go by the headers of every answer, errors too
    exposed: STORAGE_EXPOSED,
    bodyBytes: 5 * 1024 * MIB,
    // as much as the service itself does
    discardBytes: 32 * MIB,
    requestMs: 6 * HOUR_MS,
    silenceMs: limits.idleMs,
    sockets: limits.platformSockets,
    direct: false,
  },
  platform: {
    place: { of: 'platform', paths: ['/', '/docs', '/openapi.json'], below: ['api', 'console'] },
    to: 'service',
    service: 'platform_api',
    apikey: 'left',
    origins: 'own',
    exposed: [],
    bodyBytes: limits.bodyBytes,
    discardBytes: limits.discardBytes,
    requestMs: limits.requestMs,
    silenceMs: limits.idleMs,
    sockets: limits.platformSockets,
    direct: true,
  },
});
