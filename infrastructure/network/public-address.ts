/** Which addresses are in nobody's own network. */
import { BlockList, isIPv4 } from 'node:net';

const OWN: readonly (readonly [network: string, prefix: number, family: 'ipv4' | 'ipv6'])[] = [
  ['0.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.0.0.0', 24, 'ipv4'],
  ['192.0.2.0', 24, 'ipv4'],
  ['192.88.99.0', 24, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['198.18.0.0', 15, 'ipv4'],
  ['198.51.100.0', 24, 'ipv4'],
  ['203.0.113.0', 24, 'ipv4'],
  ['224.0.0.0', 3, 'ipv4'],
];

const own = new BlockList();
for (const [network, prefix, family] of OWN) own.addSubnet(network, prefix, family);

const global = new BlockList();
global.addSubnet('2000::', 3, 'ipv6');
/** documentation, and those that wrap an IPv4 address: 6to4, Teredo */
const wrapping = new BlockList();
for (const [network, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  wrapping.addSubnet(network, prefix, 'ipv6');

/** Of IPv6 only what is given out to everybody: no loopback, link, private or mapped address. */
export const isPublicAddress = (address: string): boolean =>
  isIPv4(address)
    ? !own.check(address, 'ipv4')
    : global.check(address, 'ipv6') && !wrapping.check(address, 'ipv6');

export const isLoopbackAddress = (address: string): boolean =>
  address === '::1' || address.startsWith('127.');
