/**
 * One HTTP server of the platform: the declared endpoints, health, readiness, metrics and documents, with
 * limits on everything. It stops in order: no new connections, running requests finish, streams end.
 */
import { once } from 'node:events';
import express, { type Request, type Response } from 'express';
import type { Log } from '../../application/ports/log.ts';
import { NO_TRACING, type Tracing } from '../../application/ports/tracing.ts';
import type { CallerBounds } from './caller-bounds.ts';
import { clientAddress, FORWARDED_PROOF, isProven, plainAddress, TrustedProxies } from './client-address.ts';
import { documentEndpoints } from './document-endpoints.ts';
import type { Caller, Endpoint } from './endpoint.ts';
import { problemJson, sendError, type ErrorBody } from './error-body.ts';
import { Exchange } from './exchange.ts';
import { limitedServer, listen, SERVER_LIMITS, type ServerLimits } from './listen.ts';
import type { Metrics } from './metrics.ts';
import { observe } from './observe.ts';
import type { DocumentInfo } from './openapi.ts';
import { problemOf, RequestProblem } from './problems.ts';
import { answer } from './answer.ts';
import { serviceEndpoints, type Readiness } from './service-endpoints.ts';

/**
 * Who asks, and whether they may: run for every endpoint whose `auth` is not `none`, before anything of its body is read.
 * @throws {RequestProblem} 401, 403
 */
export type Authenticate<E extends Endpoint = Endpoint, C extends Caller = Caller> = (
  request: Pick<Request, 'headers' | 'params' | 'method' | 'path'>,
  endpoint: E,
) => Promise<C>;

export interface ServerOptions<E extends Endpoint = Endpoint, C extends Caller = Caller> {
  /** in the log and in metrics: `platform-api` */
  readonly name: string;
  /** 0 for any free port */
  readonly port: number;
  /** the variable that sets the port, for the error when it is taken */
  readonly portVariable: string;
  /** default 127.0.0.1 */
  readonly host?: string;
  readonly endpoints: readonly E[];
  /** needed when an endpoint asks who it is */
  readonly authenticate?: Authenticate<E, C>;
  /** how this service's clients want to hear of errors; default: problem+json */
  readonly errorBody?: ErrorBody;
  /** the gateway shows by one of them that it is the gateway: two, while one is exchanged for the other */
  readonly internalKeys?: readonly string[];
  /** how much one caller may have; default: as much as there is */
  readonly bounds?: CallerBounds<E, C>;
  readonly log: Log;
  /** what the server depends on: `ok`, or why not, in words that anybody may read */
  readonly ready: () => Promise<Readiness>;
  /** told by `/ready`: only where nobody from outside asks */
  readonly programs?: () => Promise<Readonly<Record<string, string>>>;
  readonly metrics: Metrics;
  /** default: none */
  readonly tracing?: Tracing;
  /** serves `/openapi.json` and `/docs` */
  readonly docs?: DocumentInfo<E>;
  /** whose X-Forwarded-For is believed, beside that of the gateway, which proves itself by the internal key; default none */
  readonly trustedProxies?: readonly string[];
  /** open to everybody and no part of the API: in no document */
  readonly pages?: readonly Endpoint<never>[];
  /** what becomes of a path that no endpoint has; default 404. It may read the body as it comes. */
  readonly fallback?: (req: Request, res: Response, exchange: Exchange) => Promise<void>;
  readonly limits?: Partial<ServerLimits>;
}

export interface HttpServer {
  /** @throws {Refused} the port is taken */
  start(): Promise<void>;
  /** Resolves when no connection is left: after `withinMs` at the latest, requests are cut off. */
  stop(withinMs?: number): Promise<void>;
  /** the port that it listens on, once started */
  readonly port: number;
}

const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
};

const STOP_WITHIN_MS = 10_000;
/** what requests get to answer after they were told to stop */
const LAST_WORDS_MS = 250;

export function createServer<E extends Endpoint, C extends Caller>(options: ServerOptions<E, C>): HttpServer {
  const { name, port, host = '127.0.0.1', portVariable } = options;
  const running = new Map<Response, Exchange>();
  let stopping = false;
  const app = application(options, running, () => stopping);
  const server = limitedServer(
    app,
    { ...SERVER_LIMITS, ...options.limits },
    options.errorBody ?? problemJson,
  );

  return {
    start: () => listen(server, { name, port, host, portVariable }),
    async stop(withinMs = STOP_WITHIN_MS) {
      stopping = true;
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      for (const exchange of running.values()) if (exchange.streaming) exchange.abort();
      const abort = setTimeout(() => {
        for (const exchange of running.values()) exchange.abort();
      }, withinMs);
      const cut = setTimeout(() => server.closeAllConnections(), withinMs + LAST_WORDS_MS);
      // connections whose last answer said keep-alive become idle only now
      const idle = setInterval(() => server.closeIdleConnections(), 50);
      await closed.finally(() => {
        clearTimeout(abort);
        clearTimeout(cut);
        clearInterval(idle);
      });
    },
    get port() {
      const address = server.address();
      return typeof address === 'object' && address ? address.port : port;
    },
  };
}

function application<E extends Endpoint, C extends Caller>(
  options: ServerOptions<E, C>,
  running: Map<Response, Exchange>,
  isStopping: () => boolean,
): express.Express {
  const { docs, endpoints, pages = [], ready, programs, metrics } = options;
  const ownPages: readonly Endpoint<never>[] = [
    ...(docs ? documentEndpoints(endpoints, docs) : []),
    ...serviceEndpoints({ ready, programs, metrics, isStopping }),
    ...pages,
  ];
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('query parser', false);
  app.set('case sensitive routing', true);
  const addressOf = clientAddresses(options);
  app.use((req, res, next) => {
    const exchange = begin(req, res, addressOf(req), isStopping());
    running.set(res, exchange);
    res.once('close', () => running.delete(res));
    observe({ tracing: NO_TRACING, ...options }, exchange, req, res, () => {
      // also where no parameter is decoded; throws URIError, which is a 400
      if (decodeURIComponent(req.path).includes('\0')) throw new URIError('NUL in the path');
      next();
    });
  });
  const exchangeOf = (res: Response) => running.get(res) ?? new Exchange(res.req, res, addressOf(res.req));
  // nobody is asked who they are for those of ours, so no rule of the service's is looked for in them
  const all = [...endpoints, ...(ownPages as readonly Endpoint[] as readonly E[])];
  for (const declared of all) route(app, declared, options, exchangeOf);
  for (const path of new Set(all.map((declared) => declared.path))) app.all(path, refuseMethod(all, path));
  app.use(async (req: Request, res: Response) => {
    if (!options.fallback)
      throw new RequestProblem('request/no-such-route', 'There is nothing at this path.');
    await options.fallback(req, res, exchangeOf(res));
  });
  app.use((error: unknown, req: Request, res: Response, _next: unknown) =>
    fail(options, error, req, res, exchangeOf(res)),
  );
  return app;
}

function clientAddresses({
  trustedProxies = [],
  internalKeys = [],
}: Pick<ServerOptions, 'trustedProxies' | 'internalKeys'>) {
  const proxies = new TrustedProxies(trustedProxies);
  return ({ headers, socket }: Request): string | undefined => {
    const told = headers['x-forwarded-for']?.toString();
    const given = headers['x-request-id']?.toString() ?? '';
    const isGateways = told !== undefined && isProven(internalKeys, given, told, headers[FORWARDED_PROOF]);
    return isGateways ? plainAddress(told) : clientAddress(socket.remoteAddress, told, proxies);
  };
}

function begin(req: Request, res: Response, address: string | undefined, stopping: boolean): Exchange {
  const exchange = new Exchange(req, res, address);
  res.setHeaders(new Map(Object.entries(SECURITY_HEADERS)));
  res.setHeader('x-request-id', exchange.requestId);
  if (stopping) res.setHeader('connection', 'close');
  return exchange;
}

function route<E extends Endpoint, C extends Caller>(
  app: express.Express,
  declared: E,
  { name, authenticate, bounds }: ServerOptions<E, C>,
  exchangeOf: (res: Response) => Exchange,
): void {
  if (declared.auth !== 'none' && !authenticate) throw new TypeError(`${name}: nothing authenticates`);
  if (declared.spends) app.head(declared.path, (_req, res) => void res.writeHead(200).end());
  app[declared.method](declared.path, async (req, res) => {
    const exchange = exchangeOf(res);
    exchange.route = declared.path;
    const asked = { endpoint: declared, params: req.params };
    exchange.hold(await bounds?.enter(exchange.address, asked));
    const caller = declared.auth === 'none' ? undefined : await authenticate?.(req, declared);
    exchange.caller = caller;
    if (caller) exchange.hold(await bounds?.enterAs(caller, declared));
    const startStream = () => bounds?.stream(exchange.address, caller);
    await answer(declared, exchange, req, res, { name, startStream });
  });
}

function refuseMethod(endpoints: readonly Endpoint[], path: string): express.RequestHandler {
  const methods = endpoints.filter((declared) => declared.path === path).map((declared) => declared.method);
  const allow = new Set(
    methods.flatMap((method) => (method === 'get' ? ['GET', 'HEAD'] : [method.toUpperCase()])),
  );
  const headers = { allow: [...allow, 'OPTIONS'].join(', ') };
  return (req, res) => {
    if (req.method === 'OPTIONS') res.writeHead(204, headers).end();
    else throw new RequestProblem('request/method-not-allowed', `Not ${req.method} here.`, { headers });
  };
}

function fail(
  { log, name, errorBody = problemJson }: Pick<ServerOptions, 'log' | 'name' | 'errorBody'>,
  error: unknown,
  req: Request,
  res: Response,
  exchange: Exchange,
): void {
  const problem = problemOf(error);
  const { requestId, route: matched } = exchange;
  // who has gone reads no answer, and what broke off under them is no mistake of ours
  if (!res.closed && problem.status >= 500 && problem.code !== 'platform/not-implemented') {
    const level = problem.code === 'platform/bug' ? 'error' : 'warn';
    log[level]({ server: name, requestId, method: req.method, route: matched, error }, problem.code);
  }
  sendError(res, errorBody(problem, { requestId, headers: req.headers }));
}
