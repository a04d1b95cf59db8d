/** One try to have an upstream answer a request. */
import { PassThrough, type Readable } from 'node:stream';
import type { Dispatcher } from 'undici';
import { discardRest } from '../http/discard-rest.ts';
import { Answer } from './answer.ts';
import type { Exchange, Way } from './exchange.ts';
import { hasBody } from './headers.ts';
import { inflated } from './inflate-body.ts';
import { keepPace } from './pace.ts';
import { PROBLEMS, type GatewayProblem } from './problem.ts';

/** while somebody waits for a connection, one of a slow client is taken away so often */
const HURRY_EVERY_MS = 250;

type Failure = Error & { readonly code?: string };

export class Attempt implements Dispatcher.DispatchHandler {
  readonly #way: Way;
  readonly #exchange: Exchange;
  readonly #upstream: string;
  /** on a connection of its own, as kept ones have proved stale */
  readonly #isSecond: boolean;
  #controller: Dispatcher.DispatchController | undefined;
  #answer: Answer | undefined;
  /** what is to be undone when it is over */
  #undo: (() => void)[] = [];
  #stopWaiting: (() => void) | undefined;
  #settled = false;

  constructor(way: Way, exchange: Exchange, upstream: string, isSecond = false) {
    this.#way = way;
    this.#exchange = exchange;
    this.#upstream = upstream;
    this.#isSecond = isSecond;
  }

  begin(): void {
    const { request, response, path, headers } = this.#exchange;
    const { upstreams } = this.#way;
    response.once('close', this.#onClientGone);
    this.#wait();
    const options = {
      path,
      method: (request.method ?? 'GET') as Dispatcher.HttpMethod,
      headers: headers as string[],
      body: hasBody(request) ? this.#body() : null,
    };
    if (this.#isSecond) upstreams.anew(this.#upstream, options, this);
    else upstreams.to(this.#upstream).dispatch(options, this);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#stopWaiting?.();
    this.#controller = controller;
    if (this.#settled) return controller.abort(new Error('nobody waits for an answer'));
    this.#hold();
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, _: unknown, text = ''): void {
    // others may follow, and what is said by the first of them concerns this connection
    if (this.#settled || status < 200) return;
    const answer = new Answer(controller, status, text);
    if (!this.#isSecond && this.#exchange.treatment?.isAskedAgain(this.#exchange.request, answer)) {
      this.#again();
      return;
    }
    this.#answer = answer;
    this.#pass(answer);
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#answer?.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#answer) this.#answer.end();
    this.#over();
  }

  onResponseError(_: unknown, error: Failure): void {
    this.#stopWaiting?.();
    const { response, requestId, endpoint } = this.#exchange;
    if (!this.#settled && !response.writableEnded) {
      if (this.#mayBeStale(error)) this.#again();
      else {
        this.#way.log.warn(
          { requestId, upstream: endpoint, code: error.code ?? error.name },
          'an upstream failed',
        );
        this.#settle(this.#problemOf(error));
      }
    }
    this.#over();
  }

  /** A kept connection that the upstream had closed when we wrote to it. Safe to repeat: nothing is changed. */
  #mayBeStale({ code = '', message }: Failure): boolean {
    const { request } = this.#exchange;
    const isSafe = (request.method === 'GET' || request.method === 'HEAD') && !hasBody(request);
    const broke = ['ECONNRESET', 'EPIPE'].includes(code) || message === 'other side closed';
    return broke && isSafe && !this.#isSecond && !this.#answer;
  }

  readonly #onClientGone = (): void => {
    const { request, response } = this.#exchange;
    if (this.#settled || (response.writableFinished && request.complete)) return;
    this.#settled = true;
    this.#controller?.abort(new Error('the client has gone'));
    this.#over();
  };

  #again(): void {
    this.#settled = true;
    this.#exchange.response.off('close', this.#onClientGone);
    new Attempt(this.#way, this.#exchange, this.#upstream, true).begin();
  }

  readonly #settle = (problem: GatewayProblem): void => {
    if (this.#settled) return;
    this.#settled = true;
    const exchange = this.#exchange;
    const { response } = exchange;
    this.#controller?.abort(new Error(problem.code));
    this.#over();
    if (response.headersSent) response.destroy();
    else exchange.fail(problem);
  };

  #over(): void {
    this.#stopWaiting?.();
    this.#answer?.stop();
    const undo = this.#undo;
    this.#undo = [];
    for (const one of undo) one();
  }

  /** Bounds the wait for a connection: in the queue for a free one, and for the handshake of a new one. */
  #wait(): void {
    const { limits, laggards, service, sockets, underWay } = this.#way;
    const name = this.#upstream;
    const before = underWay.get(name) ?? 0;
    underWay.set(name, before + 1);
    this.#undo.push(() => {
      const left = (underWay.get(name) ?? 1) - 1;
      if (left > 0) underWay.set(name, left);
      else underWay.delete(name);
    });
    const isQueued = before >= sockets;
    const timer = setTimeout(() => this.#settle(PROBLEMS.unreachable(service)), limits.waitMs);
    const hurry = isQueued ? setInterval(() => laggards.endSlowest(name), HURRY_EVERY_MS) : undefined;
    this.#stopWaiting = () => {
      this.#stopWaiting = undefined;
      clearTimeout(timer);
      clearInterval(hurry);
    };
  }

  /** While others wait for a connection, the slowest clients that hold one go. */
  #hold(): void {
    const { request, response } = this.#exchange;
    const wantsBody = () => this.#bodyWanted();
    const end = () => this.#settle(PROBLEMS.clientTooSlow);
    this.#undo.push(this.#way.laggards.add(this.#upstream, { request, response, wantsBody, end }));
  }

  /** the upstream could take more of the body now */
  #bodyWanted = (): boolean => true;

  #body(): Readable {
    const { request, inflate } = this.#exchange;
    const { limits } = this.#way;
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > limits.bodyBytes) this.#settle(PROBLEMS.bodyTooLarge(limits.bodyBytes));
    });
    const body = new PassThrough();
    this.#bodyWanted = () => !body.writableNeedDrain;
    const atEase = keepPace(request, limits, this.#bodyWanted, () => this.#settle(PROBLEMS.clientTooSlow));
    const gunzip = inflate ? inflated(request, limits.bodyBytes, this.#settle) : undefined;
    (gunzip ?? request).pipe(body);
    this.#undo.push(() => {
      atEase();
      request.unpipe();
      gunzip?.destroy();
      body.destroy();
      // an answer before the end of the body: what still comes has to be read by somebody
      if (!request.complete) discardRest(request, limits.discardBytes);
    });
    return body;
  }

  #pass(answer: Answer): void {
    const { request, response, treatment } = this.#exchange;
    const { service, limits } = this.#way;
    // the rest of the body may be more than we read away: no other request shall follow on this connection
    if (hasBody(request) && !request.complete) response.shouldKeepAlive = false;
    const begin = (headers: string[]): boolean => {
      try {
        response.writeHead(answer.statusCode, answer.statusMessage, headers);
        return true;
      } catch {
        this.#settle(PROBLEMS.badAnswer(service));
        return false;
      }
    };
    const told = this.#exchange.answerHeaders(answer.headers);
    const answered = { request, answer, response, headers: told, begin, settle: this.#settle };
    const headers = treatment ? treatment.treat(answered) : told;
    if (headers && begin(headers))
      answer.pass(response, limits.idleMs, () => this.#settle(PROBLEMS.tooSlow(service)));
  }

  #problemOf(error: Failure): GatewayProblem {
    const { service } = this.#way;
    const { request } = this.#exchange;
    if (!this.#controller) return PROBLEMS.unreachable(service);
    if (error.code === 'UND_ERR_HEADERS_TIMEOUT' || error.code === 'UND_ERR_BODY_TIMEOUT')
      return request.complete ? PROBLEMS.tooSlow(service) : PROBLEMS.clientTooSlow;
    if (isNoAnswer(error)) return PROBLEMS.badAnswer(service);
    return PROBLEMS.upstreamLost(request.method !== 'GET' && request.method !== 'HEAD', service);
  }
}

/** What came is not HTTP, or as 101 an answer to a question that was not asked. */
const isNoAnswer = ({ code = '', message }: Failure): boolean =>
  code.startsWith('HPE_') || code === 'UND_ERR_HEADERS_OVERFLOW' || /^bad (upgrade|response)$/.test(message);
