import { vi } from 'vitest';
import { RandomIds } from '../../infrastructure/crypto/random-ids.ts';
import { derivedKey } from '../../infrastructure/crypto/aes-secrets.ts';
import { MASTER_KEY, type PlatformUnderTest } from './platform-under-test.ts';

export const EVERYTHING = { databases: 1, roles: 2, pools: 1, postgrests: 1 };
export const DATA_ONLY = { databases: 1, roles: 2, pools: 0, postgrests: 0 };
export const NOTHING = { databases: 0, roles: 0, pools: 0, postgrests: 0 };

const ids = new RandomIds(derivedKey(Buffer.from(MASTER_KEY, 'hex'), 'ids'));
/** The id that a request with this key will get: known before the request, so that the way can be prepared. */
export const projectIdOf = (ownerId: string, key: string) => ids.projectIdFor(ownerId, key);

const AT_REST = ['active', 'paused', 'failed', 'suspended', 'deleted', 'purged'];

/** The status once no process is under way; a purged project is one that nobody finds. */
export async function statusAtRest(platform: PlatformUnderTest, token: string, id: string): Promise<string> {
  return vi.waitFor(
    async () => {
      const { status, body } = await platform.call<{ status: string }>('GET', `/api/projects/${id}`, {
        token,
      });
      const shown = status === 404 ? 'purged' : body.status;
      if (!AT_REST.includes(shown)) throw new Error(`still ${shown}`);
      return shown;
    },
    { timeout: 60_000, interval: 25 },
  );
}

/** Asks for something that ends the platform on the way, then starts it again as if nothing were wrong. */
export async function crashAndRestart(
  platform: PlatformUnderTest,
  crashAt: string,
  ask: () => Promise<unknown>,
  refuseProbe = false,
): Promise<void> {
  await platform.start({ crashAt, refuseProbe });
  // the connection dies with the platform
  await ask().catch(() => {});
  await platform.ended();
  await platform.start(refuseProbe ? { refuseProbe } : undefined);
}
