/**
 * The streaming proxy: one request to one upstream, bodies piped both ways with back-pressure, nothing
 * buffered. Whatever ends one side ends the other.
 */
import { Agent, request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { Dependency } from '../../application/errors.ts';
import type { Endpoint } from '../../application/ports/data-apis.ts';
import type { Log } from '../../application/ports/log.ts';
import { hasBody, type HeaderList } from './headers.ts';
import { inflated } from './inflate-body.ts';
import { Laggards } from './laggards.ts';
import type { GatewayLimits } from './limits.ts';
import { keepPace } from './pace.ts';
import { discardRest } from '../http/discard-rest.ts';
import { PROBLEMS, type GatewayProblem } from './problem.ts';
import type { Route } from './routes.ts';
import type { Treatment } from './treat-answer.ts';

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  readonly endpoint: Endpoint;
  readonly path: string;
  readonly headers: HeaderList;
  /** its body is in gzip, and the upstream shall have it without */
  readonly inflate?: boolean;
  /** the upstream's headers as the client gets them */
  answerHeaders(list: HeaderList): string[];
  /** what becomes of the answer on its way; default: it goes on as it is */
  readonly treatment?: Treatment;
  /** answers in the upstream's place; called at most once, and only when nothing has been sent */
  fail(problem: GatewayProblem): void;
}

/** while somebody waits for a connection, one of a slow client is taken away so often */
const HURRY_EVERY_MS = 250;
/** Larger than ours to clients: a Location may repeat a long query. */
const ANSWER_HEADER_BYTES = 64 * 1024;

class TookTooLong extends Error {
  constructor() {
    super('no progress within the bound');
    this.name = 'TookTooLong';
  }
}

export class Forwarder {
  readonly #service: Dependency;
  readonly #agent: Agent;
  readonly #limits: GatewayLimits;
  readonly #log: Log;
  readonly #laggards: Laggards;

  constructor(options: { readonly route: Route; readonly limits: GatewayLimits; readonly log: Log }) {
    const { route, limits } = options;
    this.#service = route.service;
    const { bodyBytes, discardBytes, silenceMs: idleMs } = route;
    this.#limits = { ...limits, bodyBytes, discardBytes, idleMs };
    this.#log = options.log;
    this.#laggards = new Laggards(options.limits.laggardMs);
    this.#agent = new Agent({
      keepAlive: true,
      // kept for reuse
      maxSockets: route.sockets,
      maxFreeSockets: route.sockets,
      scheduling: 'lifo',
      // of a connection that is not in use; a request sets its own
      timeout: options.limits.upstreamKeepAliveMs,
    });
  }

  /** Resolves nothing and throws nothing: the response ends, fails or is destroyed. */
  forward(exchange: Exchange): void {
    const name = this.#agent.getName(exchange.endpoint);
    const waiting = this.#agent.requests[name]?.length ?? 0;
    if (waiting >= this.#limits.waiting) exchange.fail(PROBLEMS.busy(this.#service));
    else this.#attempt(exchange, name, this.#agent);
  }

  close(): void {
    this.#agent.destroy();
  }

  /**
   * `agent` is false for a second try: on a connection of its own, as kept ones have proved stale.
   * @param name of the upstream, as the agent has it
   */
  #attempt(exchange: Exchange, name: string, agent: Agent | false): void {
    const { request, response, endpoint } = exchange;
    const upstream = httpRequest({
      host: endpoint.host,
      port: endpoint.port,
      method: request.method ?? 'GET',
      path: exchange.path,
      headers: exchange.headers,
      agent,
      timeout: this.#limits.idleMs,
      maxHeaderSize: ANSWER_HEADER_BYTES,
    });
    let settled = false;
    const again = () => {
      settled = true;
      response.off('close', onClientGone);
      this.#attempt(exchange, name, false);
    };
    const settle = (problem: GatewayProblem) => {
      if (settled) return;
      settled = true;
      request.unpipe();
      upstream.destroy();
      if (response.headersSent) response.destroy();
      else exchange.fail(problem);
    };
    const onClientGone = () => {
      if (response.writableFinished && request.complete) return;
      settled = true;
      upstream.destroy();
    };
    response.once('close', onClientGone);
    const connection = this.#watchConnecting(upstream, name, () =>
      settle(PROBLEMS.unreachable(this.#service)),
    );
    upstream.once('timeout', () => upstream.destroy(new TookTooLong()));
    upstream.once('response', (answer) => {
      if (settled) return;
      if (agent !== false && exchange.treatment?.isAskedAgain(request, answer)) {
        answer.resume();
        again();
      } else passAnswer(exchange, answer, this.#service, settle);
    });
    upstream.on('error', (error: NodeJS.ErrnoException) => {
      if (settled || response.writableEnded) return;
      if (
        agent !== false &&
        !response.headersSent &&
        isStaleConnection(upstream, error) &&
        !hasBody(request)
      ) {
        again();
        return;
      }
      this.#log.warn(
        { requestId: exchange.requestId, upstream: endpoint, code: error.code ?? error.name },
        'an upstream failed',
      );
      settle(problemOf(error, connection.made, request, this.#service));
    });
    // an answer that is none, as 101 to a question that did not ask for it, ends without an error
    upstream.once('close', () => {
      if (!settled && !response.headersSent) settle(PROBLEMS.badAnswer(this.#service));
    });
    upstream.once('socket', () => this.#hold(exchange, name, upstream, settle));
    if (hasBody(request)) passBody(exchange, upstream, this.#limits, settle);
    else upstream.end();
  }

  /** While others wait for a connection, the slowest clients that hold one go. */
  #hold(
    { request, response }: Exchange,
    name: string,
    upstream: ClientRequest,
    settle: (problem: GatewayProblem) => void,
  ): void {
    const wantsBody = () => !upstream.writableNeedDrain;
    const end = () => settle(PROBLEMS.clientTooSlow);
    // the client's end is the upstream's, too
    upstream.once('close', this.#laggards.add(name, { request, response, wantsBody, end }));
  }

  /** Bounds the wait for a connection: in the queue for a free one, and for the handshake of a new one. */
  #watchConnecting(upstream: ClientRequest, name: string, giveUp: () => void): { readonly made: boolean } {
    const state = { made: false };
    let timer = setTimeout(giveUp, this.#limits.waitMs);
    const isQueue = (this.#agent.requests[name]?.length ?? 0) > 0;
    const hurry = isQueue ? setInterval(() => this.#laggards.endSlowest(name), HURRY_EVERY_MS) : undefined;
    const onConnected = () => {
      clearTimeout(timer);
      state.made = true;
    };
    upstream.once('socket', (socket) => {
      clearInterval(hurry);
      if (!socket.connecting) {
        onConnected();
        return;
      }
      clearTimeout(timer);
      timer = setTimeout(giveUp, this.#limits.connectMs);
      socket.once('connect', onConnected);
    });
    upstream.once('close', () => {
      clearTimeout(timer);
      clearInterval(hurry);
    });
    return state;
  }
}

function passBody(
  { request, inflate }: Exchange,
  upstream: ClientRequest,
  limits: GatewayLimits,
  settle: (problem: GatewayProblem) => void,
): void {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > limits.bodyBytes) settle(PROBLEMS.bodyTooLarge(limits.bodyBytes));
  });
  const wanted = () => !upstream.writableNeedDrain;
  const atEase = keepPace(request, limits, wanted, () => settle(PROBLEMS.clientTooSlow));
  const gunzip = inflate ? inflated(request, limits.bodyBytes, settle) : undefined;
  (gunzip ?? request).pipe(upstream);
  upstream.once('close', () => {
    atEase();
    gunzip?.destroy();
    // an answer before the end of the body: what still comes has to be read by somebody
    if (!request.complete) discardRest(request, limits.discardBytes);
  });
}

function passAnswer(
  exchange: Exchange,
  answer: IncomingMessage,
  service: Dependency,
  settle: (problem: GatewayProblem) => void,
): void {
  const { request, response, treatment } = exchange;
  const isWrite = request.method !== 'GET' && request.method !== 'HEAD';
  answer.once('error', () =>
    response.headersSent ? response.destroy() : settle(PROBLEMS.upstreamLost(isWrite, service)),
  );
  // the rest of the body may be more than we read away: no other request shall follow on this connection
  if (hasBody(request) && !request.complete) response.shouldKeepAlive = false;
  const begin = (headers: string[]): boolean => {
    try {
      response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', headers);
      return true;
    } catch {
      settle(PROBLEMS.badAnswer(service));
      return false;
    }
  };
  const told = exchange.answerHeaders(answer.rawHeaders);
  const answered = { request, answer, response, headers: told, begin, settle };
  const headers = treatment ? treatment.treat(answered) : told;
  if (!headers || !begin(headers)) return;
  // headers leave together with the first bytes; of a stream that begins with silence they leave alone
  const alone = setImmediate(() => response.flushHeaders());
  answer.once('data', () => clearImmediate(alone));
  answer.once('end', () => clearImmediate(alone));
  answer.pipe(response);
}

/** A kept connection that the upstream had closed when we wrote to it. Safe to repeat: nothing is changed. */
function isStaleConnection(upstream: ClientRequest, error: NodeJS.ErrnoException): boolean {
  const isSafe = upstream.method === 'GET' || upstream.method === 'HEAD';
  return isSafe && upstream.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
}

function problemOf(
  error: NodeJS.ErrnoException,
  connected: boolean,
  request: IncomingMessage,
  service: Dependency,
): GatewayProblem {
  if (!connected) return PROBLEMS.unreachable(service);
  if (error instanceof TookTooLong)
    return request.complete ? PROBLEMS.tooSlow(service) : PROBLEMS.clientTooSlow;
  if (error.code?.startsWith('HPE_')) return PROBLEMS.badAnswer(service);
  return PROBLEMS.upstreamLost(request.method !== 'GET' && request.method !== 'HEAD', service);
}
