/**
 * One connection, from its first byte until it is a session or is refused. Everything that a stranger can do here costs
 * a place of their own address for a bounded time, and PgBouncer sees them only after their first packet was found right.
 */
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { within } from '../../application/background/deadline.ts';
import { TLSSocket } from 'node:tls';
import type { GuardLimits, Outcome, PoolerAddress } from './guard-options.ts';
import { Gone, Inbox } from './inbox.ts';
import { logIn, LogInRefused } from './log-in.ts';
import type { LogInSlots } from './log-in-slots.ts';
import type { Penalties } from './penalties.ts';
import { connectToPooler } from './pooler-connection.ts';
import type { SessionBounds } from './session-bounds.ts';
import { Session } from './session.ts';
import type { FirstPacket, StartupPacket } from './startup-packet.ts';
import type { TlsIdentity } from './tls-identity.ts';
import { errorResponse, negotiateVersion, Refusal, violation } from './wire.ts';

export interface GuardContext {
  readonly pooler: PoolerAddress;
  readonly tls: TlsIdentity | undefined;
  readonly limits: GuardLimits;
  readonly slots: LogInSlots;
  /** of addresses */
  readonly penalties: Penalties;
  /** of a login at an address */
  readonly guesses: Penalties;
  readonly sessions: SessionBounds;
  readonly onSession: (session: Session) => void;
}

export interface Ending {
  readonly outcome: Outcome;
  /** why, for the operator */
  readonly reason?: string;
}

type Beginning = StartupPacket | Extract<FirstPacket, { kind: 'cancel-request' }>;

const TOO_SLOW = violation('the log-in took too long');
const MADE_ROOM = new Refusal('too_many_connections', 'too many connections are logging in; try again');
const NO_ROOM = new Refusal(
  'too_many_connections',
  'this login has as many connections to the pooler as it may have; close some, or use a smaller pool',
);
const POOLER_ENDED = new Refusal(
  'cannot_connect_now',
  'the pooler is starting again; try again in a few seconds',
);
const TLS_REQUIRED = new Refusal(
  'invalid_authorization_specification',
  'the pooler takes connections by TLS only: set sslmode=require',
);
const STOPPING = new Refusal('cannot_connect_now', 'the pooler is being stopped');
/** for a refusal to be read before the connection is closed under it */
const LINGER_MS = 1_000;
/** How much what was seen of an address counts against it. */
const WEIGHTS: Partial<Record<Outcome, number>> = {
  violation: 1,
  'too-slow': 1,
  'wrong-password': 0.1,
  refused: 0.1,
  left: 0.1,
};

export class GuardedConnection {
  readonly #context: GuardContext;
  readonly #address: string;
  readonly #ends = new AbortController();
  #socket: Socket;
  #inbox: Inbox;
  #pooler: { readonly socket: Socket; readonly inbox: Inbox } | undefined;
  #releaseSlot: () => void = () => {};
  #releaseSession: () => void = () => {};
  #timer: NodeJS.Timeout | undefined;

  /** @param address whom it is counted for */
  constructor(socket: Socket, address: string, context: GuardContext) {
    this.#socket = socket;
    this.#address = address;
    this.#context = context;
    socket.on('error', () => {});
    this.#inbox = new Inbox(socket, this.#ends);
  }

  /** Resolves when it is a session, or is no more. */
  async run(): Promise<Ending> {
    this.#releaseSlot = this.#context.slots.take({ address: this.#address, evict: () => this.#evict() });
    try {
      const beginning = await this.#begin();
      if (beginning.kind === 'cancel-request') return await this.#cancel(beginning.packet);
      await this.#becomeSession(beginning);
      return { outcome: 'session' };
    } catch (error) {
      const ending = endingOf(error);
      this.#context.penalties.add(this.#address, WEIGHTS[ending.outcome] ?? 0);
      await this.#refuse(error);
      return ending;
    } finally {
      clearTimeout(this.#timer);
      this.#releaseSlot();
    }
  }

  stop(): void {
    this.#ends.abort(STOPPING);
  }

  destroy(): void {
    this.#pooler?.socket.destroy();
    this.#socket.destroySoon();
  }

  /** The first packet that is none of those that only ask for something else to come first. */
  async #begin(): Promise<Beginning> {
    const { penalties, tls, limits } = this.#context;
    await this.#wait(penalties.delayMs(this.#address));
    this.#allow(limits.logInWithinMs, TOO_SLOW);
    for (const asked = new Set<string>(); ;) {
      const first = await this.#inbox.first();
      const secured = this.#socket instanceof TLSSocket;
      switch (first.kind) {
        case 'cancel-request':
          return first;
        case 'startup':
          // after the packet was read, so that its sender reads the answer as one
          if (tls && !secured) throw TLS_REQUIRED;
          return first;
        case 'tls-handshake':
          if (!tls || secured || asked.has('tls-request')) throw violation('TLS is not spoken here');
          await this.#secure(tls);
          break;
        case 'gss-request':
        case 'tls-request': {
          // more bytes would be taken for ones that came by TLS; nobody sends them before the answer
          if (asked.has(first.kind) || secured || !this.#inbox.empty)
            throw violation('invalid startup packet');
          asked.add(first.kind);
          const yes = first.kind === 'tls-request' && tls;
          this.#socket.write(yes ? 'S' : 'N');
          if (yes) await this.#secure(tls);
        }
      }
    }
  }

  async #secure(tls: TlsIdentity): Promise<void> {
    this.#inbox.release();
    const secured = new TLSSocket(this.#socket, {
      isServer: true,
      secureContext: tls.context,
      ALPNProtocols: ['postgresql'],
    });
    this.#socket = secured;
    await new Promise<void>((resolve, reject) => {
      secured.on('error', () => reject(new Gone()));
      secured.once('close', () => reject(new Gone()));
      secured.once('secure', resolve);
      this.#ends.signal.addEventListener('abort', () => reject(this.#ends.signal.reason as Error));
    });
    this.#inbox = new Inbox(secured, this.#ends);
  }

  async #becomeSession({ user, packet, unknownOptions }: StartupPacket): Promise<void> {
    const { guesses, limits, sessions, onSession } = this.#context;
    const guesser = `${this.#address} ${user}`;
    await this.#wait(guesses.delayMs(guesser));
    this.#allow(limits.logInWithinMs, TOO_SLOW);
    const pooler = await this.#reachPooler();
    pooler.socket.write(packet);
    if (unknownOptions) this.#socket.write(negotiateVersion(unknownOptions));
    await logIn({
      client: this.#inbox,
      pooler: pooler.inbox,
      toClient: (bytes) => void this.#socket.write(bytes),
      toPooler: (bytes) => void pooler.socket.write(bytes),
      onProven: () => {
        const release = sessions.take(user);
        if (!release) throw NO_ROOM;
        this.#releaseSession = release;
        this.#releaseSlot();
        this.#allow(limits.letInWithinMs, POOLER_ENDED);
      },
    }).catch((error: unknown) => {
      if (error instanceof LogInRefused && error.wrongPassword) guesses.add(guesser);
      throw error;
    });
    if (this.#ends.signal.aborted) throw this.#ends.signal.reason;
    this.#inbox.release();
    pooler.inbox.release();
    const session = new Session(this.#socket, pooler.socket);
    void session.ended.then(this.#releaseSession);
    onSession(session);
  }

  async #cancel(packet: Buffer): Promise<Ending> {
    const { socket } = await this.#reachPooler();
    socket.write(packet);
    // it says nothing, and closes when it has passed it on
    await new Promise((resolve) => this.#ends.signal.addEventListener('abort', resolve));
    this.destroy();
    return { outcome: 'cancel-request' };
  }

  async #reachPooler() {
    const { pooler, limits } = this.#context;
    const socket = await connectToPooler(pooler, limits.poolerWithinMs, this.#ends.signal);
    return (this.#pooler = { socket, inbox: new Inbox(socket, this.#ends, POOLER_ENDED) });
  }

  /** @throws the reason of an end meanwhile */
  async #wait(ms: number): Promise<void> {
    if (ms <= 0) return;
    clearTimeout(this.#timer);
    await sleep(ms, undefined, { signal: this.#ends.signal }).catch(() => {});
    if (this.#ends.signal.aborted) throw this.#ends.signal.reason;
  }

  #allow(ms: number, otherwise: Error): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ends.abort(otherwise), ms);
  }

  #evict(): void {
    // one that is being refused has ended before: it goes without a word
    if (this.#ends.signal.aborted) this.destroy();
    this.#ends.abort(MADE_ROOM);
  }

  /** Says why, and waits until the client has heard it or has had the time to. */
  async #refuse(error: unknown): Promise<void> {
    const { socket: pooler, inbox } = this.#pooler ?? {};
    this.#releaseSession();
    const lastWords = error === POOLER_ENDED ? inbox?.waiting() : undefined;
    if (lastWords?.type === 'E') this.#socket.write(lastWords.whole);
    else if (error instanceof Refusal) this.#socket.write(errorResponse(error));
    pooler?.destroy();
    this.#ends.abort(error);
    if (error instanceof Gone || error === MADE_ROOM) return this.destroy();
    this.#inbox.release();
    this.#socket.resume();
    this.#socket.end();
    const closed = new Promise((resolve) => this.#socket.once('close', resolve));
    if (!this.#socket.closed) await within(LINGER_MS, closed, () => {});
    this.destroy();
  }
}

function endingOf(error: unknown): Ending {
  if (error instanceof Gone) return { outcome: 'left' };
  if (error instanceof LogInRefused) return { outcome: error.wrongPassword ? 'wrong-password' : 'refused' };
  if (!(error instanceof Refusal)) throw error;
  const reason = error.message;
  if (error === TOO_SLOW) return { outcome: 'too-slow', reason };
  if (error === MADE_ROOM) return { outcome: 'made-room', reason };
  if (error === NO_ROOM) return { outcome: 'no-room', reason };
  if (error === POOLER_ENDED || error.condition === 'cannot_connect_now')
    return { outcome: 'pooler-away', reason };
  if (error.condition === 'connection_failure') return { outcome: 'pooler-away', reason };
  return { outcome: error.condition === 'protocol_violation' ? 'violation' : 'refused', reason };
}
