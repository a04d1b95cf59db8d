/** A gateway as a process of its own, before an upstream; it tells its parent how much memory it has. */
import { Gateway } from '../gateway/gateway.ts';

const [upstream = ''] = process.argv.slice(2);
const endpoint = { host: '127.0.0.1', port: Number(upstream) };
const nothing = () => {};
const gateway = new Gateway({
  port: 0,
  host: '127.0.0.1',
  platform: endpoint,
  services: { storage: endpoint },
  dataApis: { endpoint: () => endpoint },
  projectState: () => Promise.resolve('active'),
  judge: () => Promise.resolve('good'),
  wake: () => Promise.resolve(),
  log: { debug: nothing, info: nothing, warn: nothing, error: console.error },
  // so that the bounds of an address are not for us
  trustedProxies: ['loopback'],
  limits: { keepAliveMs: 600_000 },
});
await gateway.start();
process.send?.({ port: gateway.port });
process.on('message', () => process.send?.({ bytes: process.memoryUsage.rss() }));
