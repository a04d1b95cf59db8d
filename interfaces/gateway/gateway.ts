/**
 * The public door. It looks at the path, the project and the key, and streams everything else through to the
 * platform API or to the project's own PostgREST.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { networkOf } from '../../domain/platform/network-of.ts';
import type { Endpoint } from '../../application/ports/data-apis.ts';
import { NO_TRACING, type Span, type SpanEnd, type Tracing } from '../../application/ports/tracing.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { clientAddress, proofOf, TrustedProxies } from '../http/client-address.ts';
import { discardRest } from '../http/discard-rest.ts';
import { listen } from '../http/listen.ts';
import { answerParserErrors } from '../http/parser-errors.ts';
import { requestIdOf } from '../http/request-id.ts';
import { requestEnd } from '../http/request-span.ts';
import { takeAbsoluteForm } from './absolute-form.ts';
import { answerPreflight, CORS_HEADERS, corsHeaders, isPreflight } from './cors.ts';
import { Connections } from './connections.ts';
import type { Exchange } from './exchange.ts';
import { Forwarder } from './forward.ts';
import {
  answerHeaders,
  hasBody,
  requestHeaders,
  tokenOf,
  withAuthorization,
  withoutPlatformCookie,
  type HeaderList,
} from './headers.ts';
import { codingOf, unpacked } from './inflate-body.ts';
import { Intake } from './intake.ts';
import { DEFAULT_LIMITS, type GatewayLimits } from './limits.ts';
import type { GatewayOptions } from './gateway-options.ts';
import { HEALTH, Readiness, writePage } from './own-pages.ts';
import { parserProblem, PROBLEMS, saidTo, writeProblem, type GatewayProblem } from './problem.ts';
import { addressing } from './public-address.ts';
import { faultOf } from './request-fault.ts';
import { routeOf, type Target } from './route.ts';
import { routesOf, type Route, type RouteName, type ServiceName } from './routes.ts';
import { Shares } from '../http/shares.ts';
import { Traffic } from './traffic.ts';
import { ProjectAnswers } from './treat-answer.ts';
import { Wakes } from './wakes.ts';

/** One request as the routes see it. */
interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  readonly expectsContinue: boolean;
  /** of whoever asks; `unknown`: they have gone */
  readonly client: string;
  /** none on the platform's routes: those are for the console's own origin */
  readonly cors: HeaderList;
}

/** the client went before an answer began; as others write it */
const CLIENT_GONE = 499;
/** how often connections are looked at that are late with their headers */
const LOOK_EVERY_MS = 1_000;

export class Gateway {
  readonly #options: GatewayOptions;
  readonly #limits: GatewayLimits;
  readonly #server: Server;
  readonly #routes: Readonly<Record<RouteName, Route>>;
  readonly #services: Readonly<Partial<Record<RouteName, Endpoint>>>;
  readonly #forwarders: Readonly<Record<RouteName, Forwarder>>;
  readonly #cors: Readonly<Record<RouteName, HeaderList>>;
  readonly #traffic: Traffic;
  readonly #tracing: Tracing;
  readonly #wakes: Wakes;
  readonly #readiness: Readiness;
  readonly #addressOf: ReturnType<typeof addressing>;
  readonly #proxies: TrustedProxies;
  readonly #connections: Connections;
  readonly #underWay: Shares;
  readonly #intake: Intake;
  #stopping = false;

  constructor(options: GatewayOptions) {
    this.#options = options;
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#limits = limits;
    this.#routes = routesOf(limits);
    this.#services = { ...options.services, platform: options.platform };
    this.#forwarders = mapRoutes(this.#routes, (route) => new Forwarder({ route, limits, log: options.log }));
    this.#cors = mapRoutes(this.#routes, ({ origins, exposed }) =>
      origins === 'own' ? [] : corsHeaders(exposed),
    );
    this.#traffic = options.traffic ?? new Traffic();
    this.#tracing = options.tracing ?? NO_TRACING;
    this.#wakes = new Wakes(options, limits);
    this.#readiness = new Readiness(options.platform);
    this.#addressOf = addressing(options.publicUrl);
    this.#proxies = new TrustedProxies(options.trustedProxies ?? []);
    this.#connections = new Connections(limits, this.#proxies);
    this.#underWay = new Shares(Infinity, limits.requestsPerAddress);
    this.#intake = new Intake(limits);
    this.#server = createServer({
      insecureHTTPParser: false,
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersMs,
      requestTimeout: this.#longestMs(),
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: Math.min(LOOK_EVERY_MS, limits.headersMs),
      // what is told to have no body is no stream that somebody would have to read to its end
      optimizeEmptyRequests: true,
    });
    // their size bounds them: one that is left out could be the body's length
    this.#server.maxHeadersCount = 0;
    // a little more than are kept, so that room is made for the newest rather than it be turned away
    this.#server.maxConnections = limits.connections + 64;
    this.#server.on('connection', (socket) => this.#connections.add(socket));
    this.#server.on('request', (request, response) => this.#accept(request, response, false));
    this.#server.on('checkContinue', (request, response) => this.#accept(request, response, true));
    answerParserErrors(this.#server, parserProblem);
  }

  /** The port that it listens on, once started. */
  get port(): number {
    const address = this.#server.address();
    return address !== null && typeof address === 'object' ? address.port : this.#options.port;
  }

  /** @throws {Refused} the port cannot be had, with what to do about it */
  start(): Promise<void> {
    const { port, host } = this.#options;
    return listen(this.#server, { name: 'gateway', port, host, portVariable: 'GATEWAY_PORT' });
  }

  /** Takes no new connections, lets running requests end within `graceMs`, destroys the rest. Idempotent. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    const timer = setTimeout(() => this.#server.closeAllConnections(), graceMs);
    await closed;
    clearTimeout(timer);
    for (const forwarder of Object.values(this.#forwarders)) forwarder.close();
  }

  #accept(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    takeAbsoluteForm(request);
    const target = routeOf(request.url ?? '');
    const requestId = requestIdOf(request);
    const name = serviceOf(target);
    const cors = name ? this.#cors[name] : CORS_HEADERS;
    const { socket, headers } = request;
    const forwardedFor = headers['x-forwarded-for']?.toString();
    const client = clientAddress(socket.remoteAddress, forwardedFor, this.#proxies) ?? 'unknown';
    const call = { request, response, requestId, expectsContinue, client, cors };
    response.on('error', () => response.destroy());
    const rest = this.#connections.begin(socket);
    const startedAt = performance.now();
    const { method = 'other' } = request;
    let span: Span | undefined;
    response.once('close', () => {
      rest();
      const status = response.headersSent ? response.statusCode : CLIENT_GONE;
      const durationMs = performance.now() - startedAt;
      this.#options.onAnswered?.({ method, route: target.kind, status, durationMs });
      this.#options.log.debug({ requestId, route: target.kind, method, status }, 'a request');
      span?.end(endOf(target, method, status, requestId));
      if (this.#stopping) this.#server.closeIdleConnections();
    });
    if (target.kind === 'own') return this.#begin(call, target);
    this.#tracing.begin({ name: method, partOf: request.headers }, (begun) => {
      span = begun;
      this.#begin(call, target);
    });
  }

  #begin(call: Call, target: Target): void {
    const { response, requestId } = call;
    this.#serve(call, target).catch((error: unknown) => {
      this.#options.log.error({ requestId, err: error }, 'the gateway could not serve a request');
      if (response.headersSent) response.destroy();
      else this.#refuse(call, PROBLEMS.failed);
    });
  }

  async #serve(call: Call, target: Target): Promise<void> {
    const { request, response, requestId } = call;
    const route = this.#routeOf(target);
    const most = route?.bodyBytes ?? this.#limits.bodyBytes;
    const problem = faultOf(request, target, most) ?? this.#tooMany(call, route);
    if (problem) return this.#refuse(call, problem);
    if (route?.origins === 'any' && isPreflight(request))
      return answerPreflight(request, response, requestId);
    switch (target.kind) {
      case 'malformed':
        return this.#refuse(call, PROBLEMS.malformed(target.reason));
      case 'not-found':
        return this.#refuse(call, PROBLEMS.noRoute);
      case 'own':
        return this.#ownPage(call, target.page);
      case 'data-api':
        return this.#toProject(call, target.project, target.path);
      case 'auth':
      case 'storage':
      case 'platform':
        return this.#toService(call, target.kind, target.path);
    }
  }

  #routeOf(target: Target): Route | undefined {
    const name = serviceOf(target);
    return name && this.#routes[name];
  }

  /** Of the services that are there. */
  #longestMs(): number {
    const there = Object.entries(this.#routes).filter(
      ([name, { to }]) => to === 'data-api' || this.#services[name as RouteName],
    );
    return Math.max(...there.map(([, { requestMs }]) => requestMs));
  }

  /** Its own pages, which cost nothing, are for everybody at any time. */
  #tooMany({ response, client }: Call, route: Route | undefined): GatewayProblem | undefined {
    if (!route) return undefined;
    const holder = networkOf(client);
    if (this.#underWay.take(holder, 1))
      // its client ends a session whose refresh is answered 429, and asks again after a 503
      return route.service === 'auth'
        ? PROBLEMS.busy('auth')
        : PROBLEMS.tooManyRequests(this.#limits.requestsPerAddress);
    response.once('close', () => this.#underWay.give(holder, 1));
    return undefined;
  }

  async #toService(call: Call, name: ServiceName, path: string): Promise<void> {
    const endpoint = this.#services[name];
    if (!endpoint) return this.#refuse(call, PROBLEMS.notImplemented(`The ${name} service is`));
    const { apikey, place } = this.#routes[name];
    const all = this.#headers(call, endpoint, this.#options.internalKey);
    const told = place.of === 'project' ? withoutPlatformCookie(all) : all;
    const headers = apikey === 'copied' ? (withAuthorization(told) ?? told) : told;
    if (hasNothingToCome(call) || (await this.#begun(call, name)))
      this.#forward(call, name, { endpoint, path, headers });
  }

  async #toProject(call: Call, project: ProjectId, path: string): Promise<void> {
    const { dataApis, platform } = this.#options;
    const coding = hasBody(call.request) ? codingOf(call.request) : 'none';
    if (coding === 'other') return this.#refuse(call, PROBLEMS.unsupportedEncoding);
    const awake = dataApis.endpoint(project);
    const headers = withAuthorization(withoutPlatformCookie(this.#headers(call, awake ?? platform)));
    if (!headers) return this.#refuse(call, PROBLEMS.noApiKey);
    const problem = awake ? undefined : await this.#wakes.wait(call.response, project, tokenOf(headers));
    if (problem) return this.#refuse(call, problem);
    if (!hasNothingToCome(call) && !(await this.#begun(call, 'data-api'))) return;
    // it may have fallen asleep under a body that took its time
    const asleep = dataApis.endpoint(project)
      ? undefined
      : await this.#wakes.wait(call.response, project, tokenOf(headers));
    if (call.response.destroyed) return;
    // from here on nothing is waited for: one that is to fall asleep counts what is under way
    const endpoint = dataApis.endpoint(project);
    if (!endpoint) return this.#refuse(call, asleep ?? PROBLEMS.projectStarting);
    call.response.once('close', this.#traffic.begin(project));
    const inflate = coding === 'gzip';
    this.#forward(call, 'data-api', {
      endpoint,
      path,
      headers: inflate ? unpacked(headers) : headers,
      inflate,
      treatment: new ProjectAnswers(this.#addressOf(call.request.headers.host, project), path),
    });
  }

  /** @param key proves whose request it is to services of ours alone: what projects are sent, owners may read */
  #headers({ request, requestId, client }: Call, endpoint: Endpoint, key?: string): HeaderList {
    const proof = key === undefined ? undefined : proofOf(key, requestId, client);
    const told = client === 'unknown' ? undefined : { address: client, proof };
    return requestHeaders(request, requestId, endpoint, told, this.#tracing.headers());
  }

  /** Whether its body has begun well; otherwise there is an answer already, or nobody to hear it. */
  async #begun(call: Call, name: RouteName): Promise<boolean> {
    const { request, response, client } = call;
    const { bodyBytes, requestMs } = this.#routes[name];
    if (call.expectsContinue) response.writeContinue();
    // Node's own clock is the slowest route's
    if (hasBody(request) && requestMs < this.#longestMs()) this.#hurry(call, requestMs);
    const fault = await this.#intake.begin(request, response, networkOf(client), bodyBytes);
    if (fault && fault !== 'gone') this.#refuse(call, fault);
    return fault === undefined;
  }

  #hurry(call: Call, withinMs: number): void {
    const late = setTimeout(() => {
      if (!call.request.complete) this.#refuse(call, PROBLEMS.clientTooSlow);
    }, withinMs);
    call.response.once('close', () => clearTimeout(late));
  }

  #forward(
    call: Call,
    name: RouteName,
    to: Pick<Exchange, 'endpoint' | 'path' | 'headers' | 'inflate' | 'treatment'>,
  ): void {
    this.#forwarders[name].forward({
      ...to,
      request: call.request,
      response: call.response,
      requestId: call.requestId,
      answerHeaders: (list) => answerHeaders(list, call.requestId, call.cors),
      fail: (problem) => this.#refuse(call, problem),
    });
  }

  async #ownPage(call: Call, page: 'health' | 'ready'): Promise<void> {
    if (call.request.method !== 'GET' && call.request.method !== 'HEAD') {
      this.#refuse(call, PROBLEMS.methodNotAllowed('GET, HEAD'));
      return;
    }
    const answer = page === 'ready' ? await this.#readiness.page() : HEALTH;
    writePage(call.response, answer, call.requestId);
  }

  #refuse({ request, response, requestId, cors }: Call, problem: GatewayProblem): void {
    if (response.headersSent) response.destroy();
    if (response.destroyed) return;
    if (hasBody(request) && !request.complete) response.shouldKeepAlive = false;
    discardRest(request, this.#limits.discardBytes);
    const told = saidTo(request.url ?? '', problem);
    writeProblem(response, told, requestId, ['X-Request-Id', requestId, ...cors]);
  }
}

const serviceOf = ({ kind }: Target): RouteName | undefined =>
  kind === 'own' || kind === 'not-found' || kind === 'malformed' ? undefined : kind;

const hasNothingToCome = ({ request, expectsContinue }: Call): boolean =>
  !expectsContinue && !hasBody(request);

const mapRoutes = <T>(routes: Readonly<Record<RouteName, Route>>, make: (route: Route) => T) =>
  Object.fromEntries(Object.entries(routes).map(([name, route]) => [name, make(route)])) as Record<
    RouteName,
    T
  >;

const endOf = (target: Target, method: string, status: number, requestId: string): SpanEnd => {
  const project = 'project' in target ? target.project : undefined;
  return requestEnd({ service: 'gateway', method, route: target.kind, status, requestId, project });
};
