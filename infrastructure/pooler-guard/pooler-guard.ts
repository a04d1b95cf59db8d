/**
 * What tenants reach of PgBouncer. Behind it PgBouncer hears of nobody who does not speak PostgreSQL's protocol as a
 * driver does, names a project's database and one of its logins, and proves it by SCRAM-SHA-256 in the right order.
 * From then on the guard passes bytes. See docs/decisions/0005-a-guard-in-front-of-the-pooler.md.
 */
import { once } from 'node:events';
import { BlockList, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refused } from '../../application/errors.ts';
import type { Log } from '../../application/ports/log.ts';
import { networkOf } from '../../domain/platform/network-of.ts';
import {
  GUARD_LIMITS,
  OUTCOMES,
  type GuardAddress,
  type GuardOptions,
  type Outcome,
} from './guard-options.ts';
import { GuardedConnection, type GuardContext } from './guarded-connection.ts';
import { IncidentLog } from './incident-log.ts';
import { LogInSlots } from './log-in-slots.ts';
import { Penalties } from './penalties.ts';
import { KEEP_ALIVE_MS } from './pooler-connection.ts';
import { SessionBounds } from './session-bounds.ts';
import type { Session } from './session.ts';
import { TlsIdentity } from './tls-identity.ts';

export interface GuardUsage {
  readonly loggingIn: number;
  readonly sessions: number;
  /** since the start */
  readonly outcomes: Readonly<Record<Outcome, number>>;
}

/** behind one address there may be many, most of whom did nothing */
const NEIGHBOURS_WAIT_MS = 500;
const GUESSERS_WAIT_MS = 2_000;
/** for the last words of what is being refused */
const LAST_WORDS_MS = 250;

export class PoolerGuard {
  readonly #addresses: readonly GuardAddress[];
  readonly #context: GuardContext;
  readonly #log: Log;
  readonly #incidents: IncidentLog;
  readonly #servers: Server[] = [];
  readonly #connections = new Set<GuardedConnection>();
  readonly #sessions = new Set<Session>();
  readonly #outcomes = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<Outcome, number>;
  #stopping = false;

  constructor({ addresses, pooler, certificate, limits: given }: GuardOptions, log: Log) {
    const limits = { ...GUARD_LIMITS, ...given };
    this.#addresses = addresses;
    this.#log = log;
    this.#incidents = new IncidentLog(log);
    this.#context = {
      pooler,
      tls: certificate && new TlsIdentity(certificate, (error) => this.#onCertificate(error)),
      limits,
      slots: new LogInSlots(limits),
      penalties: new Penalties(NEIGHBOURS_WAIT_MS),
      guesses: new Penalties(GUESSERS_WAIT_MS),
      sessions: new SessionBounds(limits),
      onSession: (session) => this.#hold(session),
    };
  }

  /** @throws {Refused} an address is taken @throws the certificate cannot be read */
  async start(): Promise<void> {
    await this.#context.tls?.start();
    for (const address of this.#addresses) await this.#listen(address);
  }

  /** New ones are refused, those between two transactions end, the others as soon as they are or when time is up. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#context.tls?.stop();
    this.#incidents.stop();
    for (const server of this.#servers.splice(0)) server.close();
    for (const connection of this.#connections) connection.stop();
    for (const session of this.#sessions) session.drain();
    const deadline = performance.now() + this.#context.limits.drainWithinMs;
    while (this.#sessions.size > 0 && performance.now() < deadline) await sleep(20);
    for (const session of this.#sessions) session.cut();
    const lastWord = performance.now() + LAST_WORDS_MS;
    while (this.#connections.size > 0 && performance.now() < lastWord) await sleep(20);
  }

  get usage(): GuardUsage {
    return {
      loggingIn: this.#context.slots.taken,
      sessions: this.#sessions.size,
      outcomes: { ...this.#outcomes },
    };
  }

  /** Where it listens, once started. */
  get ports(): readonly number[] {
    return this.#servers.map((server) => (server.address() as { port: number }).port);
  }

  async #listen({ host, port, only, variable = 'PGBOUNCER_PORT' }: GuardAddress): Promise<void> {
    const options = { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS };
    const isHeard = only === undefined ? () => true : within(only);
    const server = createServer(options, (socket) => {
      const address = socket.remoteAddress;
      if (address === undefined || !isHeard(address) || this.#stopping) socket.destroy();
      else void this.#serve(socket, networkOf(address));
    });
    this.#servers.push(server);
    // the operating system's line is not what bounds us
    server.listen({ host, port, backlog: 1_024 });
    await once(server, 'listening').catch((error: unknown) => {
      this.#servers.pop();
      throw explained(error, `port ${port} of ${host}`, variable);
    });
    server.on('error', (error) =>
      this.#log.error({ err: error }, "the pooler's guard cannot accept connections"),
    );
  }

  async #serve(socket: Socket, address: string): Promise<void> {
    const connection = new GuardedConnection(socket, address, this.#context);
    this.#connections.add(connection);
    try {
      const { outcome, reason } = await connection.run();
      this.#outcomes[outcome]++;
      if (!this.#stopping) this.#incidents.add(outcome, address, reason);
    } catch (error) {
      connection.destroy();
      this.#log.error({ err: error }, "a bug of the pooler's guard");
    } finally {
      this.#connections.delete(connection);
    }
  }

  #hold(session: Session): void {
    this.#sessions.add(session);
    void session.ended.then(() => this.#sessions.delete(session));
    if (this.#stopping) session.drain();
  }

  #onCertificate(error: unknown): void {
    if (error === undefined) this.#log.info({}, "the pooler's guard shows the new certificate");
    else
      this.#log.error(
        { err: error },
        "the pooler's new certificate cannot be used; the one before stays in use",
      );
  }
}

function within(subnet: string): (address: string) => boolean {
  const [network = '', bits] = subnet.split('/');
  const list = new BlockList();
  list.addSubnet(network, Number(bits), 'ipv4');
  return (address) => list.check(address.replace(/^::ffff:/, ''), 'ipv4');
}

function explained(error: unknown, place: string, variable: string): unknown {
  if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') return error;
  return new Refused(
    `${place} is taken by another program. Set ${variable} to a free port, or stop that program.`,
    error,
  );
}
