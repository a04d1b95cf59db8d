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
import { absent, isOnDemand } from './absent-project.ts';
import { answerPreflight, CORS_HEADERS, isPreflight } from './cors.ts';
import { Connections } from './connections.ts';
import { Forwarder, type Exchange } from './forward.ts';
import { endToEnd, hasBody, requestHeaders, tokenOf, withAuthorization, type HeaderList } from './headers.ts';
import { codingOf, unpacked } from './inflate-body.ts';
import { Intake } from './intake.ts';
import { DEFAULT_LIMITS, type GatewayLimits } from './limits.ts';
import type { GatewayOptions } from './gateway-options.ts';
import { HEALTH, Readiness, WELCOME, writePage } from './own-pages.ts';
import { parserProblem, PROBLEMS, writeProblem, type GatewayProblem } from './problem.ts';
import { addressing } from './public-address.ts';
import { faultOf } from './request-fault.ts';
import { routeOf, type Target } from './route.ts';
import { Shares } from '../http/shares.ts';
import { Traffic } from './traffic.ts';
import { ProjectAnswers } from './treat-answer.ts';
import { WakeQueue } from './wake-queue.ts';

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
  readonly #platform: Forwarder;
  readonly #projects: Forwarder;
  readonly #traffic: Traffic;
  readonly #tracing: Tracing;
  readonly #wakes: WakeQueue;
  readonly #readiness: Readiness;
  readonly #addressOf: ReturnType<typeof addressing>;
  readonly #proxies: TrustedProxies;
  readonly #connections: Connections;
  readonly #underWay: Shares;
  readonly #intake: Intake;
  #stopping = false;

  constructor(options: GatewayOptions) {
    this.#options = options;
    const { log } = options;
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.#limits = limits;
    this.#platform = new Forwarder({ service: 'platform_api', sockets: limits.platformSockets, limits, log });
    this.#projects = new Forwarder({ service: 'rest_api', sockets: limits.socketsPerProject, limits, log });
    this.#traffic = options.traffic ?? new Traffic();
    this.#tracing = options.tracing ?? NO_TRACING;
    this.#wakes = new WakeQueue(options.wake, limits);
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
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: Math.min(LOOK_EVERY_MS, limits.headersMs),
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
    this.#platform.close();
    this.#projects.close();
  }

  #accept(request: IncomingMessage, response: ServerResponse, expectsContinue: boolean): void {
    takeAbsoluteForm(request);
    const target = routeOf(request.url ?? '');
    const requestId = requestIdOf(request);
    const cors = target.kind === 'platform' ? [] : CORS_HEADERS;
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
    const problem = faultOf(call.request, target, this.#limits) ?? this.#tooMany(call, target);
    if (problem) {
      this.#refuse(call, problem);
      return;
    }
    switch (target.kind) {
      case 'malformed':
        return this.#refuse(call, PROBLEMS.malformed(target.reason));
      case 'not-found':
        return this.#refuse(call, PROBLEMS.noRoute);
      case 'platform':
        return this.#toPlatform(call, target.path);
      case 'own':
        return this.#ownPage(call, target.page);
      case 'not-implemented':
        if (isPreflight(call.request)) return answerPreflight(call.request, call.response, call.requestId);
        return this.#refuse(call, PROBLEMS.notImplemented(`The ${target.service} service is`));
      case 'data-api':
        if (isPreflight(call.request)) return answerPreflight(call.request, call.response, call.requestId);
        return this.#toProject(call, target.project, target.path);
    }
  }

  /** Its own pages, which cost nothing, are for everybody at any time. */
  #tooMany({ response, client }: Call, target: Target): GatewayProblem | undefined {
    if (target.kind !== 'platform' && target.kind !== 'data-api') return undefined;
    const holder = networkOf(client);
    if (this.#underWay.take(holder, 1)) return PROBLEMS.tooManyRequests(this.#limits.requestsPerAddress);
    response.once('close', () => this.#underWay.give(holder, 1));
    return undefined;
  }

  async #toPlatform(call: Call, path: string): Promise<void> {
    const endpoint = this.#options.platform;
    const headers = this.#headers(call, endpoint, this.#options.internalKey);
    if (hasNothingToCome(call) || (await this.#begun(call)))
      this.#forward(call, this.#platform, { endpoint, path, headers });
  }

  async #toProject(call: Call, project: ProjectId, path: string): Promise<void> {
    const { dataApis, platform } = this.#options;
    const coding = hasBody(call.request) ? codingOf(call.request) : 'none';
    if (coding === 'other') return this.#refuse(call, PROBLEMS.unsupportedEncoding);
    const awake = dataApis.endpoint(project);
    const headers = withAuthorization(this.#headers(call, awake ?? platform));
    if (!headers) return this.#refuse(call, PROBLEMS.noApiKey);
    const problem = awake ? undefined : await this.#woken(call, project, tokenOf(headers));
    if (problem) return this.#refuse(call, problem);
    if (!hasNothingToCome(call) && !(await this.#begun(call))) return;
    // it may have fallen asleep under a body that took its time
    const asleep = dataApis.endpoint(project)
      ? undefined
      : await this.#woken(call, project, tokenOf(headers));
    if (call.response.destroyed) return;
    // from here on nothing is waited for: one that is to fall asleep counts what is under way
    const endpoint = dataApis.endpoint(project);
    if (!endpoint) return this.#refuse(call, asleep ?? PROBLEMS.projectStarting);
    call.response.once('close', this.#traffic.begin(project));
    const inflate = coding === 'gzip';
    this.#forward(call, this.#projects, {
      endpoint,
      path,
      headers: inflate ? unpacked(headers) : headers,
      inflate,
      treatment: new ProjectAnswers(this.#addressOf(call.request.headers.host, project), path),
    });
  }

  /** @param key proves whose request it is to the platform's API alone: what others are sent, owners may read */
  #headers({ request, requestId, client }: Call, endpoint: Endpoint, key?: string): HeaderList {
    const proof = key === undefined ? undefined : proofOf(key, requestId, client);
    const told = client === 'unknown' ? undefined : { address: client, proof };
    return requestHeaders(request, requestId, endpoint, told, this.#tracing.headers());
  }

  /** Whether its body has begun well; otherwise there is an answer already, or nobody to hear it. */
  async #begun(call: Call): Promise<boolean> {
    const { request, response, client } = call;
    if (call.expectsContinue) response.writeContinue();
    const fault = await this.#intake.begin(request, response, networkOf(client));
    if (fault && fault !== 'gone') this.#refuse(call, fault);
    return fault === undefined;
  }

  /** Waits until a sleeping project is awake, if the token opens it; the body of the request is not read meanwhile. */
  async #woken({ response }: Call, project: ProjectId, token: string): Promise<GatewayProblem | undefined> {
    const { projectState, judge, dataApis, log } = this.#options;
    const status = await projectState(project);
    if (!isOnDemand(status)) return absent(status);
    const verdict = await judge(project, token);
    if (verdict !== 'good') return PROBLEMS.invalidKey(verdict);
    const gone = new AbortController();
    const leave = () => gone.abort();
    response.once('close', leave);
    if (response.destroyed) leave();
    const waited = await this.#wakes.wait(project, gone.signal);
    response.off('close', leave);
    if (waited === 'full') return PROBLEMS.wakeBusy;
    if (waited === 'gone') return undefined;
    if (waited === 'awake') {
      // it may have been awake before, started by another process a moment ago
      if (!dataApis.endpoint(project)) await dataApis.refresh?.();
      return undefined;
    }
    log.warn({ project, err: waited.failed }, 'a project was not woken');
    // paused or deleted meanwhile, or an operator has to look
    const now = await projectState(project);
    return isOnDemand(now) ? PROBLEMS.projectSleeps : absent(now);
  }

  #forward(
    call: Call,
    forwarder: Forwarder,
    to: Pick<Exchange, 'endpoint' | 'path' | 'headers' | 'inflate' | 'treatment'>,
  ): void {
    const ours = ['X-Request-Id', call.requestId, ...call.cors];
    const isOurs = (name: string) =>
      name === 'x-request-id' || (call.cors.length > 0 && name.startsWith('access-control-'));
    forwarder.forward({
      ...to,
      request: call.request,
      response: call.response,
      requestId: call.requestId,
      answerHeaders: (list) => {
        const told = endToEnd(list, isOurs);
        told.push(...ours);
        return told;
      },
      fail: (problem) => this.#refuse(call, problem),
    });
  }

  async #ownPage(call: Call, page: 'welcome' | 'health' | 'ready'): Promise<void> {
    if (call.request.method !== 'GET' && call.request.method !== 'HEAD') {
      this.#refuse(call, PROBLEMS.methodNotAllowed('GET, HEAD'));
      return;
    }
    const pages = { welcome: WELCOME, health: HEALTH };
    const answer = page === 'ready' ? await this.#readiness.page() : pages[page];
    writePage(call.response, answer, call.requestId);
  }

  #refuse({ request, response, requestId, cors }: Call, problem: GatewayProblem): void {
    if (response.destroyed) return;
    if (hasBody(request) && !request.complete) response.shouldKeepAlive = false;
    discardRest(request, this.#limits.discardBytes);
    writeProblem(response, problem, requestId, ['X-Request-Id', requestId, ...cors]);
  }
}

const hasNothingToCome = ({ request, expectsContinue }: Call): boolean =>
  !expectsContinue && !hasBody(request);

const endOf = (target: Target, method: string, status: number, requestId: string): SpanEnd => {
  const project = target.kind === 'data-api' ? target.project : undefined;
  return requestEnd({ service: 'gateway', method, route: target.kind, status, requestId, project });
};
