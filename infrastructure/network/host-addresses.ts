import { lookup as lookUp } from 'node:dns/promises';
import { isIP } from 'node:net';

/** Of a name all addresses. */
export type Lookup = (host: string) => Promise<readonly string[]>;

/** The system's. */
export const systemLookup: Lookup = async (host) =>
  (await lookUp(host, { all: true })).map(({ address }) => address);

/** @param host a name or an address, one of IPv6 in brackets or without */
export async function addressesOf(host: string, lookup: Lookup): Promise<readonly string[]> {
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  return isIP(bare) ? [bare] : lookup(bare);
}
