/** The console: its page at `/` and at every deep link below `/console`, and its files, which never change. */
import { z } from 'zod';
import { openEndpoint, type Endpoint, type Headers, type StreamReply } from '../http/endpoint.ts';
import { RequestProblem } from '../http/problems.ts';
import { CODINGS, type BuiltConsole, type Coding, type ConsoleFile } from './built-console.ts';

/** Nothing inline, nothing from elsewhere, and nobody shows it in a frame. Pictures that it previews are blobs. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' blob: data:",
  "connect-src 'self'",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ');

const PAGE_HEADERS: Headers = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cache-control': 'no-cache',
};
const NOT_BUILT = `<!doctype html><html lang="en"><meta charset="utf-8"><title>LaunchDB</title>
<h1>LaunchDB</h1><p>The platform runs, but its console has not been built: <code>npm run build</code>, then start it again.</p>
<p><a href="/docs">The API</a> does everything that the console does.</p></html>
`;
const WELCOME = { name: 'LaunchDB', docs: '/docs', openapi: '/openapi.json', api: '/api' };

const asked = z.object({
  accept: z.string().optional(),
  'accept-encoding': z.string().optional(),
  'if-none-match': z.string().optional(),
});
type Asked = z.output<typeof asked>;

/** @param built undefined: it has not been built here */
export const consolePages = (built: BuiltConsole | undefined): Endpoint<never>[] => [
  openEndpoint({
    method: 'get',
    path: '/',
    summary: 'The console, for a browser; for a program where to find what',
    auth: 'none',
    query: z.looseObject({}),
    headers: asked,
    responses: { 200: z.unknown(), 304: 'Not changed', 503: 'The console has not been built' },
    handler: async ({ headers }) =>
      takesHtml(headers)
        ? page(built, headers)
        : { status: 200, headers: { vary: 'accept, accept-encoding' }, body: WELCOME },
  }),
  // before the links, which take whatever is below
  asset(built),
  ...['/console', '/console/*way'].map((path) =>
    openEndpoint({
      method: 'get',
      path,
      summary: 'The console',
      auth: 'none',
      params: z.looseObject({}),
      query: z.looseObject({}),
      headers: asked,
      responses: { 200: 'A page', 304: 'Not changed', 503: 'The console has not been built' },
      handler: async ({ headers }) => page(built, headers),
    }),
  ),
];

const asset = (built: BuiltConsole | undefined): Endpoint<never> =>
  openEndpoint({
    method: 'get',
    path: '/console/assets/:name',
    summary: 'A file of the console',
    auth: 'none',
    params: z.object({ name: z.string() }),
    headers: asked,
    responses: { 200: 'A file', 304: 'Not changed' },
    handler: async ({ params, headers }) => {
      const file = built?.assets.get(params.name);
      if (!file) throw new RequestProblem('request/no-such-route', 'The console has no such file.');
      // its name is that of its content
      return fileReply(file, headers, { 'cache-control': 'public, max-age=31536000, immutable' });
    },
  });

function page(built: BuiltConsole | undefined, headers: Asked): StreamReply & { status: 200 | 304 | 503 } {
  if (built) return fileReply(built.page, headers, PAGE_HEADERS);
  const type = { 'content-type': 'text/html; charset=utf-8' };
  return {
    status: 503,
    headers: { ...PAGE_HEADERS, ...type },
    stream: async (res) => void res.write(NOT_BUILT),
  };
}

function fileReply(
  { type, etag, bytes }: ConsoleFile,
  { 'accept-encoding': codings = '', 'if-none-match': known }: Asked,
  more: Headers,
): StreamReply & { status: 200 | 304 } {
  const headers = { ...more, etag, vary: 'accept, accept-encoding' };
  // as weak tags, too: a proxy that packs it differently makes them of ours
  const isKnown = known?.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag) ?? false;
  if (isKnown) return { status: 304, headers, stream: async () => {} };
  const coding = CODINGS.find((one) => bytes.has(one) && takes(codings, one)) ?? 'identity';
  const body = bytes.get(coding) ?? Buffer.alloc(0);
  return {
    status: 200,
    headers: {
      ...headers,
      'content-type': type,
      'content-length': String(body.length),
      ...(coding !== 'identity' && { 'content-encoding': coding }),
    },
    stream: async (res) => void res.write(body),
  };
}

/** Named, and not refused by `q=0`. */
const takes = (header: string, coding: Coding): boolean =>
  header
    .split(',')
    .map((one) => one.trim().toLowerCase())
    .some((one) => (one === coding || one.startsWith(`${coding};`)) && !/;\s*q=0(?:\.0*)?$/.test(one));

const takesHtml = ({ accept = '' }: Asked): boolean => accept.includes('text/html');
