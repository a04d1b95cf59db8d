/**
 * Who holds the gateway's connections. A connection with no request under way is worth little to its client and can be
 * had again at once: where an address or the gateway is at its bound, the one that has been idle the longest goes. So a
 * crowd behind one address notices nothing, and who opens thousands and says nothing loses them.
 */
import type { Socket } from 'node:net';
import { networkOf } from '../../domain/platform/network-of.ts';
import { plainAddress, type TrustedProxies } from '../http/client-address.ts';
import type { GatewayLimits } from './limits.ts';

interface Connection {
  readonly socket: Socket;
  /** undefined: of a trusted proxy, which the bounds of an address are not for */
  readonly holder: string | undefined;
  underWay: number;
}

type Bounds = Pick<GatewayLimits, 'connections' | 'connectionsPerAddress' | 'idlePerAddress'>;

export class Connections {
  readonly #limits: Bounds;
  readonly #proxies: TrustedProxies;
  readonly #open = new Map<Socket, Connection>();
  /** by holder, the one that has been idle the longest first */
  readonly #idle = new Map<string, Set<Connection>>();
  readonly #held = new Map<string, number>();

  constructor(limits: Bounds, proxies: TrustedProxies) {
    this.#limits = limits;
    this.#proxies = proxies;
  }

  /** A new connection. One that there is no room for is closed; a busy address' is, too, when it is far over its bound. */
  add(socket: Socket): void {
    const address = plainAddress(socket.remoteAddress);
    // it has gone already
    if (address === undefined) return;
    const holder = this.#proxies.includes(address) ? undefined : networkOf(address);
    if (holder !== undefined && !this.#makeRoom(holder)) {
      socket.destroy();
      return;
    }
    const connection = { socket, holder, underWay: 0 };
    this.#open.set(socket, connection);
    if (holder !== undefined) this.#held.set(holder, (this.#held.get(holder) ?? 0) + 1);
    this.#rest(connection);
    socket.once('close', () => this.#remove(connection));
  }

  /** A request begins. @returns to be called once, when it is over */
  begin(socket: Socket): () => void {
    const connection = this.#open.get(socket);
    if (!connection) return () => {};
    connection.underWay++;
    this.#unrest(connection);
    return () => {
      connection.underWay--;
      if (connection.underWay === 0 && this.#open.has(socket)) this.#rest(connection);
    };
  }

  #makeRoom(holder: string): boolean {
    const { connections, connectionsPerAddress } = this.#limits;
    if (this.#open.size >= connections) this.#endIdle(this.#greediest() ?? holder);
    if ((this.#held.get(holder) ?? 0) < connectionsPerAddress) return this.#open.size < connections;
    return this.#endIdle(holder);
  }

  /** Who has the most idle ones. */
  #greediest(): string | undefined {
    let most: string | undefined;
    for (const [holder, { size }] of this.#idle) {
      if (size > (this.#idle.get(most ?? '')?.size ?? 0)) most = holder;
    }
    return most;
  }

  #rest(connection: Connection): void {
    const { holder } = connection;
    if (holder === undefined) return;
    const idle = this.#idle.get(holder) ?? new Set();
    this.#idle.set(holder, idle);
    idle.add(connection);
    if (idle.size > this.#limits.idlePerAddress) this.#endIdle(holder);
  }

  #unrest(connection: Connection): void {
    const idle = this.#idle.get(connection.holder ?? '');
    idle?.delete(connection);
    if (idle?.size === 0) this.#idle.delete(connection.holder ?? '');
  }

  #endIdle(holder: string): boolean {
    const [longest] = this.#idle.get(holder) ?? [];
    if (!longest) return false;
    this.#remove(longest);
    longest.socket.destroy();
    return true;
  }

  #remove(connection: Connection): void {
    if (!this.#open.delete(connection.socket)) return;
    this.#unrest(connection);
    const { holder } = connection;
    if (holder === undefined) return;
    const left = (this.#held.get(holder) ?? 0) - 1;
    if (left > 0) this.#held.set(holder, left);
    else this.#held.delete(holder);
  }
}
