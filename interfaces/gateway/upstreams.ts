/** Connections to upstreams: kept for reuse, each with one request at a time, no more than so many to each. */
import { Client, Pool, type Dispatcher } from 'undici';
import type { Endpoint } from '../../application/ports/data-apis.ts';
import type { GatewayLimits } from './limits.ts';

type Bounds = Pick<GatewayLimits, 'connectMs' | 'idleMs' | 'upstreamKeepAliveMs'>;

/** Larger than ours to clients: a Location may repeat a long query. */
const ANSWER_HEADER_BYTES = 64 * 1024;

export const nameOf = ({ host, port }: Endpoint): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`;

export class Upstreams {
  readonly #options: Client.Options;
  readonly #sockets: number;
  readonly #pools = new Map<string, Pool>();

  constructor({ connectMs, idleMs, upstreamKeepAliveMs }: Bounds, sockets: number) {
    this.#sockets = sockets;
    this.#options = {
      connect: { timeout: connectMs },
      headersTimeout: idleMs,
      bodyTimeout: idleMs,
      keepAliveTimeout: upstreamKeepAliveMs,
      keepAliveMaxTimeout: upstreamKeepAliveMs,
      maxHeaderSize: ANSWER_HEADER_BYTES,
      pipelining: 1,
    };
  }

  to(name: string): Pool {
    const known = this.#pools.get(name);
    if (known) return known;
    const pool = new Pool(`http://${name}`, { ...this.#options, connections: this.#sockets, allowH2: false });
    this.#pools.set(name, pool);
    // REST APIs come and go, each to a port of its own
    pool.on('disconnect', () => {
      const { connected, size, queued } = pool.stats;
      if (connected + size + queued > 0 || this.#pools.get(name) !== pool) return;
      this.#pools.delete(name);
      void pool.close().catch(() => {});
    });
    return pool;
  }

  /** On a connection of its own, which ends with it. */
  anew(name: string, options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): void {
    const client = new Client(`http://${name}`, { ...this.#options, allowH2: false });
    client.dispatch({ ...options, reset: true }, handler);
    void client.close().catch(() => {});
  }

  close(): void {
    for (const pool of this.#pools.values()) void pool.destroy().catch(() => {});
    this.#pools.clear();
  }
}
