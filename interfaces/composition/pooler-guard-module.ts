/** The guard in front of the PgBouncer that is our child: where clients are told that the pooler is. */
import { join } from 'node:path';
import { ContainerModule } from 'inversify';
import type { Log } from '../../application/ports/log.ts';
import type { GuardAddress } from '../../infrastructure/pooler-guard/guard-options.ts';
import { GuardThread } from '../../infrastructure/pooler-guard/guard-thread.ts';
import type { GuardUsage } from '../../infrastructure/pooler-guard/pooler-guard.ts';
import { socketFolder } from '../../infrastructure/process/socket-folder.ts';
import type { Config } from '../config.ts';
import type { Collector, Metrics } from '../http/metrics.ts';
import type { ContainerHost } from './docker-runtime.ts';
import type { Part } from './lifecycle.ts';
import type { Machine } from './machine.ts';
import { needs } from './needs.ts';
import { PARTS, TOKENS } from './tokens.ts';

export const poolerGuardModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.poolerGuard).toResolvedValue(
    ...needs(
      { config: TOKENS.config, machine: TOKENS.machine, containers: TOKENS.containerHost, log: TOKENS.log },
      guardOf,
    ),
  );
  bind(PARTS.poolerGuardThread).toResolvedValue(guardThread, [TOKENS.poolerGuard]);
  bind(PARTS.poolerGuard).toResolvedValue(guardPart, [TOKENS.poolerGuard]);
});

/** First, since a thread loads what it needs beside the servers' start. */
const guardThread = (guard: GuardThread | undefined): Part => ({
  name: 'pooler-guard-thread',
  start: () => Promise.resolve(guard?.prepare()),
  // of a start that went wrong before the guard's turn
  stop: async () => guard?.stop(),
  stopWithinMs: 5_000,
});

export const guardPart = (guard: GuardThread | undefined): Part => ({
  name: 'pooler-guard',
  start: async () => guard?.start(),
  stop: async () => guard?.stop(),
  // longer than the guard gives to transactions under way
  stopWithinMs: 5_000,
});

/** Whether it stands in front of a pooler that this process runs. */
export const isGuarded = ({ POOLER_GUARD }: Config, { pgbouncer }: Machine): boolean =>
  pgbouncer !== undefined && POOLER_GUARD === 'on';

/** The folder of PgBouncer's socket. */
export const poolerSocket = ({ directory }: Machine): string =>
  socketFolder(join(directory.path, 'pooler-socket'));

function guardOf({
  config,
  machine,
  containers,
  log,
}: {
  readonly config: Config;
  readonly machine: Machine;
  readonly containers: ContainerHost | undefined;
  readonly log: Log;
}): GuardThread | undefined {
  if (!isGuarded(config, machine)) return undefined;
  const { PGBOUNCER_PORT: port } = config;
  const addresses: GuardAddress[] = [{ host: '127.0.0.1', port }];
  if (containers) {
    const { gateway: host, subnet: only } = containers.network;
    addresses.push({ host, port, only });
  }
  return new GuardThread(
    { addresses, pooler: { path: join(poolerSocket(machine), `.s.PGSQL.${port}`) } },
    log,
  );
}

export const guardUsage = (
  { poolerGuard: { open, connections } }: Metrics,
  guard: { usage(): Promise<GuardUsage> },
): Collector => ({
  name: 'pooler-guard',
  sets: [open, connections],
  async collect() {
    const { loggingIn, sessions, outcomes } = await guard.usage();
    open.set({ state: 'logging-in' }, loggingIn);
    open.set({ state: 'session' }, sessions);
    for (const [outcome, count] of Object.entries(outcomes)) connections.inc({ outcome }, count);
  },
});
