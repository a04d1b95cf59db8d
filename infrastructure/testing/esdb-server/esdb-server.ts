/**
 * An EventStoreDB for tests: the real client speaks to it over a real socket. It serves what the adapter uses,
 * answers as the real server does (checked against its sources), and can be broken on purpose.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server as Listener, type Socket } from 'node:net';
import { Server, ServerCredentials, type handleUnaryCall, type Metadata } from '@grpc/grpc-js';
import gossip from '@eventstore/db-client/generated/gossip_pb.js';
import { GossipService } from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import features from '@eventstore/db-client/generated/serverfeatures_pb.js';
import { ServerFeaturesService } from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { appendCall, batchAppendCall } from './append-calls.ts';
import { deleteCall, tombstoneCall } from './delete-calls.ts';
import { EsdbLog } from './esdb-log.ts';
import { readCall } from './read-calls.ts';
import { MOST_MESSAGE_BYTES, type Faults, type Serving } from './serving.ts';

export interface EsdbServerOptions {
  /** default: any free one */
  readonly port?: number;
  /** PEM */
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly log?: EsdbLog;
  /** default 1 MiB, as the real server's */
  readonly maxAppendBytes?: number;
  /** default 2 s */
  readonly commitTimeoutMs?: number;
  /** for how long it is not ready after it was started again; about a second on a real server; default 0 */
  readonly startsForMs?: number;
}

const DEFAULT_MAX_APPEND_BYTES = 1024 * 1024;
const COMMIT_TIMEOUT_MS = 2_000;

const LEADER = 8;
const FOLLOWER = 6;

export class EsdbServer implements Serving, AsyncDisposable {
  readonly log: EsdbLog;
  readonly faults: Faults = {};
  readonly maxAppendBytes: number;
  readonly commitTimeoutMs: number;
  readonly calls = { read: 0, append: 0, batchAppend: 0, subscribe: 0 };
  batchCalls = 0;
  sent = 0;
  scanned = 0;
  ready = true;
  headers: Metadata | undefined;
  readonly #tls: EsdbServerOptions['tls'];
  readonly #startsForMs: number;
  readonly #sockets = new Set<Socket>();
  #starting: NodeJS.Timeout | undefined;
  #port: number;
  #running: { readonly grpc: Server; readonly listener: Listener } | undefined;

  constructor(options: EsdbServerOptions = {}) {
    this.log = options.log ?? new EsdbLog();
    this.maxAppendBytes = options.maxAppendBytes ?? DEFAULT_MAX_APPEND_BYTES;
    if (this.maxAppendBytes > MOST_MESSAGE_BYTES)
      throw new RangeError(`MaxAppendSize exceeded ${MOST_MESSAGE_BYTES} bytes.`);
    this.commitTimeoutMs = options.commitTimeoutMs ?? COMMIT_TIMEOUT_MS;
    this.#startsForMs = options.startsForMs ?? 0;
    this.#tls = options.tls;
    this.#port = options.port ?? 0;
  }

  static async started(options: EsdbServerOptions = {}): Promise<EsdbServer> {
    const server = new EsdbServer(options);
    await server.start();
    return server;
  }

  get port(): number {
    return this.#port;
  }

  /** how many are open */
  get connections(): number {
    return this.#sockets.size;
  }

  /** A connection string; without TLS. */
  get url(): string {
    return `esdb://127.0.0.1:${this.#port}?tls=false`;
  }

  /** On the same port as before, with the same data. */
  async start(): Promise<void> {
    const grpc = new Server({ 'grpc.max_receive_message_length': 64 * 1024 * 1024 });
    grpc.addService(StreamsService, {
      read: readCall(this),
      append: appendCall(this),
      batchAppend: batchAppendCall(this),
      delete: deleteCall(this),
      tombstone: tombstoneCall(this),
    });
    grpc.addService(ServerFeaturesService, { getSupportedMethods: answering(supported) });
    grpc.addService(GossipService, { read: answering(() => this.#members()) });
    // sockets of our own, so that they can be cut off at any moment
    const injector = grpc.createConnectionInjector(this.#credentials());
    const listener = createServer((socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
      injector.injectConnection(socket);
    });
    listener.listen(this.#port, '127.0.0.1');
    await once(listener, 'listening');
    this.#port = (listener.address() as AddressInfo).port;
    this.#running = { grpc, listener };
    this.#starting = setTimeout(() => (this.ready = true), this.#startsForMs).unref();
  }

  /** At once, as by a kill; {@link start} goes on with the same data. */
  async stop(): Promise<void> {
    const running = this.#running;
    if (!running) return;
    this.#running = undefined;
    clearTimeout(this.#starting);
    this.ready = this.#startsForMs === 0;
    running.listener.close();
    this.dropConnections();
    running.grpc.forceShutdown();
    await once(running.listener, 'close');
    this.log.forgetRecent();
  }

  dropConnections(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #credentials(): ServerCredentials {
    if (!this.#tls) return ServerCredentials.createInsecure();
    const { key, cert } = this.#tls;
    return ServerCredentials.createSsl(null, [
      { private_key: Buffer.from(key), cert_chain: Buffer.from(cert) },
    ]);
  }

  #members(): gossip.ClusterInfo {
    const { leader, noMembers } = this.faults;
    if (noMembers) return new gossip.ClusterInfo();
    const own = member('127.0.0.1', this.#port, leader ? FOLLOWER : LEADER);
    return new gossip.ClusterInfo().setMembersList(
      leader ? [own, member(leader.host, leader.port, LEADER)] : [own],
    );
  }
}

const answering =
  <Answer>(give: () => Answer): handleUnaryCall<shared.Empty, Answer> =>
  (_call, answer) =>
    answer(null, give());

function member(host: string, port: number, state: gossip.MemberInfo.VNodeState): gossip.MemberInfo {
  return new gossip.MemberInfo()
    .setInstanceId(new shared.UUID().setString(randomUUID()))
    .setState(state)
    .setIsAlive(true)
    .setHttpEndPoint(new gossip.EndPoint().setAddress(host).setPort(port));
}

function supported(): features.SupportedMethods {
  const methods = ['read', 'append', 'batchappend'].map((name) =>
    new features.SupportedMethod().setMethodName(name).setServiceName('event_store.client.streams.streams'),
  );
  return new features.SupportedMethods().setMethodsList(methods).setEventStoreServerVersion('24.10.0.0');
}
