/** What an address is counted as: whoever has one IPv6 address has the 2^64 of its network. */
export const networkOf = (address: string): string => groupsOf(address, 4) ?? address;

/** The network that providers give to one customer, at the largest; undefined for IPv4. */
export const wideNetworkOf = (address: string): string | undefined => groupsOf(address, 3);

function groupsOf(address: string, count: number): string | undefined {
  // what comes here was parsed before; what is no address (an owner's id) has no colon
  if (!address.includes(':') || address.startsWith('::ffff:')) return undefined;
  const [head = '', tail] = address.split('::');
  const groups = head.split(':').filter(Boolean);
  const after = tail?.split(':').filter(Boolean) ?? [];
  const zeros = tail === undefined ? [] : Array<string>(8 - groups.length - after.length).fill('0');
  return [...groups, ...zeros, ...after]
    .slice(0, count)
    .map((group) => Number.parseInt(group, 16))
    .join(':');
}
