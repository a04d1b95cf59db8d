/**
 * The whole platform in one process: adapters chosen, use cases handed their ports, parts started in order.
 * Drawn from below: servers, log, read models, data plane, processes, HTTP.
 */
import { ProcessWorker } from '../../application/process-managers/process-worker.ts';
import { DEFAULT_RETRIES } from '../../application/process-managers/process.ts';
import { allProcesses } from '../../application/process-managers/processes.ts';
import type { World } from '../../application/process-managers/world.ts';
import { readCheckpoint } from '../../projections/checkpoints.ts';
import { openProcesses } from '../../projections/provisioning-progress/queries.ts';
import { startCluster } from './cluster.ts';
import { type Core, startCore } from './core.ts';
import { startDataPlane } from './data-plane.ts';
import { Lifecycle } from './lifecycle.ts';
import type { PlatformOptions } from './platform-options.ts';
import { startServers } from './servers.ts';

export interface Platform {
  readonly url: string;
  stop(): Promise<void>;
}

const CONCURRENT_PROJECTS = 6;
const LOOK_EVERY_MS = 30_000;

export async function startPlatform(options: PlatformOptions): Promise<Platform> {
  const { config, log } = options;
  const lifecycle = new Lifecycle(log);
  try {
    const cluster = await startCluster(config, lifecycle, log, options.tell, options.searchPath);
    const core = await startCore(cluster, lifecycle, log);
    const world = await startDataPlane(cluster, core, lifecycle, log);
    await startWorker(core, world, lifecycle, options);
    const url = await startServers(cluster, core, world, lifecycle, options);
    return { url, stop: () => lifecycle.stop() };
  } catch (error) {
    await lifecycle.stop();
    throw error;
  }
}

async function startWorker(
  core: Core,
  world: World,
  lifecycle: Lifecycle,
  options: PlatformOptions,
): Promise<void> {
  const { pool, store, ids, clock, checkpoints } = core;
  const worker = new ProcessWorker({
    store,
    ids,
    clock,
    log: options.log,
    processes: allProcesses(world),
    retries: DEFAULT_RETRIES,
    observe: options.observe ?? (() => {}),
    concurrency: CONCURRENT_PROJECTS,
    lookEveryMs: LOOK_EVERY_MS,
    openProcesses: async () => {
      // first how far the view is, then what it shows: an event in between is seen twice rather than never
      const { position } = await readCheckpoint(pool, 'provisioning-progress');
      return { projects: await openProcesses(pool), position };
    },
  });
  await lifecycle.start({
    name: 'process-worker',
    start: async () => {
      await checkpoints.waitFor('provisioning-progress', await store.head(), 60_000);
      await worker.start();
    },
    stop: () => worker.stop(),
    stopWithinMs: 20_000,
  });
}
