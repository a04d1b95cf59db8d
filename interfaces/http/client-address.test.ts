import { expect, test } from 'vitest';
import { clientAddress, isProven, isProxy, proofOf, TrustedProxies } from './client-address.ts';

const nobody = new TrustedProxies([]);

test.each([
  ['nobody is trusted', [], '192.0.2.1', '203.0.113.1', '192.0.2.1'],
  ['the last before a trusted one', ['192.0.2.1'], '192.0.2.1', '6.6.6.6, 203.0.113.1', '203.0.113.1'],
  [
    'a chain of trusted ones',
    ['192.0.2.0/24'],
    '192.0.2.1',
    '6.6.6.6, 203.0.113.1, 192.0.2.9',
    '203.0.113.1',
  ],
  ['by name', ['loopback', 'uniquelocal'], '::1', '203.0.113.1, fd00::2', '203.0.113.1'],
  ['IPv4 in the dress of IPv6', ['loopback'], '::ffff:127.0.0.1', '203.0.113.1', '203.0.113.1'],
  ['nothing is said', ['loopback'], '127.0.0.1', undefined, '127.0.0.1'],
  ['what is no address', ['loopback'], '127.0.0.1', "'; DROP TABLE x", '127.0.0.1'],
])('%s', (_, trusted, peer, told, client) => {
  expect(clientAddress(peer, told, new TrustedProxies(trusted))).toBe(client);
});

test('a host is trusted by what its name means now', async () => {
  let now = ['172.18.0.5'];
  const proxies = new TrustedProxies(['caddy'], async () => now);
  await new Promise(setImmediate);
  expect([proxies.includes('172.18.0.5'), proxies.includes('172.18.0.6')]).toEqual([true, false]);
  now = ['172.18.0.6'];
  await expect.poll(() => proxies.includes('172.18.0.6'), { timeout: 5_000 }).toBe(true);
  expect(proxies.includes('172.18.0.5')).toBe(false);
});

test.each(['loopback', '10.0.0.0/8', '::1', 'fd00::/8', 'caddy', 'lb-1.example.com'])(
  '%s is a proxy',
  (text) => expect(isProxy(text)).toBe(true),
);
test.each(['', '10.0.0.0/33', '10.0.0.0/', 'a b', '-x', 'caddy/8', '10.0.0.0/8/8'])('%j is none', (text) =>
  expect(isProxy(text)).toBe(false),
);

test('a proof is good for its request and its address', () => {
  const proof = proofOf('key', 'request-1', '192.0.2.1');
  expect(isProven(['other', 'key'], 'request-1', '192.0.2.1', proof)).toBe(true);
  for (const [id, address, shown] of [
    ['request-2', '192.0.2.1', proof],
    ['request-1', '192.0.2.2', proof],
    ['request-1', '192.0.2.1', proof.slice(1)],
    ['request-1', '192.0.2.1', undefined],
    ['request-1', '192.0.2.1', [proof]],
  ] as const)
    expect(isProven(['key'], id, address, shown as string)).toBe(false);
  expect(isProven([], 'request-1', '192.0.2.1', proof)).toBe(false);
  expect(clientAddress('192.0.2.9', '192.0.2.1', nobody)).toBe('192.0.2.9');
});
