/**
 * Whose request it is. A client may write what it wants into X-Forwarded-For, and so may any process of this machine:
 * it is believed from trusted proxies, and from our own gateway, which proves by the internal key that it wrote it.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import { BlockList, isIP } from 'node:net';

const NETWORKS: Readonly<Record<string, readonly string[]>> = {
  loopback: ['127.0.0.0/8', '::1/128'],
  linklocal: ['169.254.0.0/16', 'fe80::/10'],
  uniquelocal: ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'],
};
const HOST_NAME = /^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$/;
const LOOK_AGAIN_MS = 15_000;
const LOOK_AGAIN_FOR_STRANGERS_MS = 1_000;

/** Whether it is an address, a network (10.0.0.0/8), one of the names for networks, or a host's name. */
export function isProxy(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  if (bits === undefined) return text in NETWORKS || isIP(text) !== 0 || HOST_NAME.test(text);
  const most = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  return rest.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= most;
}

/** Addresses, networks and names of hosts, such as that of a container whose address changes with every start. */
export class TrustedProxies {
  readonly #networks = new BlockList();
  readonly #names: readonly string[];
  readonly #resolve: (name: string) => Promise<readonly string[]>;
  #resolved: ReadonlySet<string> = new Set();
  #lookedAt = -Infinity;
  #looking = false;

  constructor(list: readonly string[], resolve = resolved) {
    const all = list.flatMap((one) => NETWORKS[one] ?? [one]);
    this.#resolve = resolve;
    this.#names = all.filter((one) => isIP(one.split('/')[0] ?? '') === 0);
    for (const one of all.filter((text) => !this.#names.includes(text))) {
      const [address = '', bits] = one.split('/');
      const family = isIP(address) === 4 ? 'ipv4' : 'ipv6';
      if (bits === undefined) this.#networks.addAddress(address, family);
      else this.#networks.addSubnet(address, Number(bits), family);
    }
    if (this.#names.length > 0) void this.#look();
  }

  /** @param address without IPv6's dress for IPv4 */
  includes(address: string): boolean {
    const family = isIP(address);
    if (family === 0) return false;
    if (this.#networks.check(address, family === 4 ? 'ipv4' : 'ipv6')) return true;
    if (this.#names.length === 0) return false;
    const isKnown = this.#resolved.has(address);
    const old = performance.now() - this.#lookedAt;
    if (old > (isKnown ? LOOK_AGAIN_MS : LOOK_AGAIN_FOR_STRANGERS_MS)) void this.#look();
    return isKnown;
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    const found = await Promise.all(this.#names.map((name) => this.#resolve(name).catch(() => [])));
    this.#resolved = new Set(found.flat());
    this.#lookedAt = performance.now();
    this.#looking = false;
  }
}

const resolved = async (name: string): Promise<readonly string[]> =>
  (await lookup(name, { all: true })).map(({ address }) => address);

/** Without the zone and without IPv6's dress for IPv4; undefined for what is no address. */
export function plainAddress(address: string | undefined): string | undefined {
  const bare = address?.split('%')[0]?.replace(/^::ffff:(?=\d+\.)/i, '');
  return bare !== undefined && isIP(bare) !== 0 ? bare : undefined;
}

/** The last address of the way that is no trusted proxy's: those before it are hearsay. */
export function clientAddress(
  peer: string | undefined,
  forwardedFor: string | undefined,
  proxies: TrustedProxies,
): string | undefined {
  let client = plainAddress(peer);
  if (forwardedFor === undefined) return client;
  const way = forwardedFor.split(',').map((address) => plainAddress(address.trim()));
  while (client !== undefined && proxies.includes(client)) {
    const before = way.pop();
    if (before === undefined) break;
    client = before;
  }
  return client;
}

/** What the gateway says beside X-Forwarded-For; good for this request's id alone. */
export const FORWARDED_PROOF = 'x-forwarded-proof';

export const proofOf = (key: string, requestId: string, address: string): string =>
  createHmac('sha256', key).update(`forwarded\n${requestId}\n${address}`).digest('base64url');

export function isProven(
  keys: readonly string[],
  requestId: string,
  address: string,
  shown: string | string[] | undefined,
): boolean {
  if (typeof shown !== 'string') return false;
  const given = Buffer.from(shown);
  return keys.some((key) => {
    const wanted = Buffer.from(proofOf(key, requestId, address));
    return wanted.length === given.length && timingSafeEqual(wanted, given);
  });
}
