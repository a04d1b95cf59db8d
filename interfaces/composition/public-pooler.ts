/** The guard as the pooler's public door and its TLS end, with a server for those who run it. */
import { access, constants } from 'node:fs/promises';
import type { Log } from '../../application/ports/log.ts';
import { GuardThread } from '../../infrastructure/pooler-guard/guard-thread.ts';
import type { PublicPoolerSettings } from '../config.ts';
import { Metrics } from '../http/metrics.ts';
import { Lifecycle } from './lifecycle.ts';
import { guardPart, guardUsage } from './pooler-guard-module.ts';
import { serverPart } from './server-part.ts';

export function publicPooler(
  settings: PublicPoolerSettings,
  log: Log,
): { start(): Promise<void>; stop(): Promise<void> } {
  const { LISTEN_HOST: host, PGBOUNCER_HOST, PGBOUNCER_PORT } = settings;
  const address = { host, port: settings.PUBLIC_POOLER_PORT, variable: 'PUBLIC_POOLER_PORT' };
  const guard = new GuardThread(
    {
      addresses: [address],
      pooler: { host: PGBOUNCER_HOST, port: PGBOUNCER_PORT },
      certificate: { certificate: settings.PUBLIC_POOLER_CERT, key: settings.PUBLIC_POOLER_KEY },
    },
    log,
  );
  const metrics = new Metrics();
  metrics.collectFrom(guardUsage(metrics, guard));
  const server = serverPart({
    name: 'public-pooler',
    port: settings.PUBLIC_POOLER_METRICS_PORT,
    portVariable: 'PUBLIC_POOLER_METRICS_PORT',
    host,
    endpoints: [],
    log,
    ready: async () => ({ guard: await guard.usage().then(() => 'ok') }),
    metrics,
  });
  const lifecycle = new Lifecycle(log);
  return {
    start: async () => {
      await lifecycle.start(guardPart(guard));
      await lifecycle.start(server);
    },
    stop: () => lifecycle.stop(),
  };
}

export const certificateIsThere = (settings: PublicPoolerSettings): Promise<boolean> =>
  Promise.all(
    [settings.PUBLIC_POOLER_CERT, settings.PUBLIC_POOLER_KEY].map((file) => access(file, constants.R_OK)),
  ).then(
    () => true,
    () => false,
  );
