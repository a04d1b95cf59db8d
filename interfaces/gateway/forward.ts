/**
 * The streaming proxy: one request to one upstream, bodies go through both ways with back-pressure, nothing
 * buffered. Whatever ends one side ends the other.
 */
import type { Log } from '../../application/ports/log.ts';
import { Attempt } from './attempt.ts';
import type { Exchange, Way } from './exchange.ts';
import { Laggards } from './laggards.ts';
import type { GatewayLimits } from './limits.ts';
import { PROBLEMS } from './problem.ts';
import type { Route } from './routes.ts';
import { nameOf, Upstreams } from './upstreams.ts';

export class Forwarder {
  readonly #way: Way;

  constructor({ route, limits: all, log }: { route: Route; limits: GatewayLimits; log: Log }) {
    const { service, bodyBytes, discardBytes, silenceMs: idleMs, sockets } = route;
    const limits = { ...all, bodyBytes, discardBytes, idleMs };
    const laggards = new Laggards(limits.laggardMs);
    this.#way = {
      service,
      limits,
      log,
      laggards,
      upstreams: new Upstreams(limits, sockets),
      sockets,
      underWay: new Map(),
    };
  }

  /** Resolves nothing and throws nothing: the response ends, fails or is destroyed. */
  forward(exchange: Exchange): void {
    const { underWay, sockets, limits, service } = this.#way;
    const name = nameOf(exchange.endpoint);
    if ((underWay.get(name) ?? 0) >= sockets + limits.waiting) exchange.fail(PROBLEMS.busy(service));
    else new Attempt(this.#way, exchange, name).begin();
  }

  close(): void {
    this.#way.upstreams.close();
  }
}
