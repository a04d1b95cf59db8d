/** The bench in another commit's checkout: does what the one that started it says, and closes everything when that one is gone. */
import type { Host } from './host.ts';
import { LocalHost, type HostOptions } from './local-host.ts';
import type { Order, Reply } from './remote-host.ts';

const host = new LocalHost(JSON.parse(process.argv[2] ?? '') as HostOptions);

process.on('message', (order: Order) => {
  const work = (host[order.method] as (...args: readonly string[]) => ReturnType<Host['run']>).apply(host, [
    ...order.args,
  ]);
  work.then(
    (result) => process.send?.({ result } satisfies Reply),
    (error: unknown) => process.send?.({ error: (error as Error).stack ?? String(error) } satisfies Reply),
  );
});
process.once('disconnect', () => void host.close().then(() => process.exit(0)));
// the terminal tells both: the other one closes this one
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
