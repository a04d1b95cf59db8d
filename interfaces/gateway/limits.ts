/** The bounds of the gateway. Each can be set apart, for tests and for machines of another size. */
export interface GatewayLimits {
  /** request line and headers; PostgREST filters make long URLs, 8 KB is normal. PostgREST itself takes 50 KiB */
  readonly headerBytes: number;
  readonly bodyBytes: number;
  /** how much of a body is read away after an early answer, so that the client gets to see the answer */
  readonly discardBytes: number;
  readonly connections: number;
  /** of an address that is no trusted proxy's: enough for an office behind one */
  readonly connectionsPerAddress: number;
  /** of them without a request under way */
  readonly idlePerAddress: number;
  /** requests under way of one client, whatever connections they came by */
  readonly requestsPerAddress: number;
  /** how much of a body is read before its upstream hears of it, and how long that may take */
  readonly headBytes: number;
  readonly headMs: number;
  /** of all bodies that were begun so; and of those of one client */
  readonly headsBytes: number;
  readonly headsBytesPerAddress: number;
  /** what is left of a body comes at this rate at least, once it is this late */
  readonly bodyBytesPerSecond: number;
  readonly bodyGraceMs: number;
  /** how long a slow client may hold an upstream's connection that others wait for */
  readonly laggardMs: number;
  readonly headersMs: number;
  /** the whole request, body included */
  readonly requestMs: number;
  readonly keepAliveMs: number;
  readonly connectMs: number;
  /** an upstream that says nothing, or a client that does not read */
  readonly idleMs: number;
  /** a kept connection without a request; PostgREST closes its side after 30 s, so ours ends earlier */
  readonly upstreamKeepAliveMs: number;
  readonly socketsPerProject: number;
  /** event streams hold one each */
  readonly platformSockets: number;
  /** requests that wait for one of those sockets, for each upstream */
  readonly waiting: number;
  readonly waitMs: number;
  /** requests that wait for a project to wake, for each project */
  readonly wakeWaiting: number;
  readonly wakeMs: number;
}

export const DEFAULT_LIMITS: GatewayLimits = {
  headerBytes: 40 * 1024,
  bodyBytes: 50 * 1024 * 1024,
  discardBytes: 1024 * 1024,
  connections: 12_288,
  connectionsPerAddress: 512,
  idlePerAddress: 128,
  requestsPerAddress: 256,
  headBytes: 64 * 1024,
  headMs: 30_000,
  headsBytes: 64 * 1024 * 1024,
  headsBytesPerAddress: 8 * 1024 * 1024,
  bodyBytesPerSecond: 8 * 1024,
  bodyGraceMs: 10_000,
  laggardMs: 2_000,
  headersMs: 10_000,
  requestMs: 300_000,
  keepAliveMs: 30_000,
  connectMs: 2_000,
  idleMs: 120_000,
  upstreamKeepAliveMs: 15_000,
  socketsPerProject: 64,
  platformSockets: 1024,
  waiting: 512,
  waitMs: 10_000,
  wakeWaiting: 512,
  wakeMs: 15_000,
};
