import type { ManagedConnectionPools } from '../../application/ports/connection-pools.ts';

/** Without a pooler on this machine: projects connect directly. */
export class NoConnectionPools implements ManagedConnectionPools {
  readonly enabled = false;
  restore = (): Promise<void> => Promise.resolve();
  register = (): Promise<void> => Promise.resolve();
  unregister = (): Promise<void> => Promise.resolve();
  usage = (): Promise<readonly never[]> => Promise.resolve([]);
  onDisturbed = (): void => {};
  stop = (): Promise<void> => Promise.resolve();
  list = (): Promise<readonly never[]> => Promise.resolve([]);
}
