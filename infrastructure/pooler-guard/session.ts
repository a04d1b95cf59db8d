/**
 * A client that is logged in, and the pooler: bytes both ways, each side read no faster than the other takes them, and
 * nothing of them looked at but whether the pooler's last ones say that it waits for a query.
 */
import type { Duplex } from 'node:stream';
import { errorResponse, Refusal } from './wire.ts';

/** ReadyForQuery, outside of a transaction */
const IDLE = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);
/** for what is on its way to one side when the other has closed */
const LINGER_MS = 10_000;

export class Session {
  readonly #client: Duplex;
  readonly #pooler: Duplex;
  #idle = false;
  #draining = false;
  /** resolves when both sides are closed */
  readonly ended: Promise<void>;

  constructor(client: Duplex, pooler: Duplex) {
    this.#client = client;
    this.#pooler = pooler;
    this.ended = Promise.all([closeOf(client, pooler), closeOf(pooler, client)]).then(() => {});
    client.pipe(pooler);
    pooler.pipe(client);
    // after the pipes: what is looked at here has gone on already
    client.on('data', () => (this.#idle = false));
    pooler.on('data', (chunk: Buffer) => {
      this.#idle = chunk.length >= IDLE.length && chunk.subarray(-IDLE.length).equals(IDLE);
      if (this.#draining) this.#endIfIdle();
    });
  }

  /** Ends it as soon as it is between two transactions, as PostgreSQL would when it is stopped. */
  drain(): void {
    this.#draining = true;
    this.#endIfIdle();
  }

  cut(): void {
    this.#client.destroy();
    this.#pooler.destroy();
  }

  #endIfIdle(): void {
    if (!this.#idle || this.#client.writableEnded) return;
    this.#pooler.unpipe(this.#client);
    this.#client.end(errorResponse(new Refusal('admin_shutdown', 'the pooler is being stopped')));
    this.#pooler.end();
  }
}

/** Resolves when it is closed. The other side then is, too, after what is on its way to it. */
function closeOf(one: Duplex, other: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const closed = (): void => {
      other.end();
      setTimeout(() => other.destroy(), LINGER_MS).unref();
      resolve();
    };
    if (one.closed) closed();
    else one.once('close', closed);
  });
}
