import { afterAll, beforeAll, beforeEach, vi } from 'vitest';
import type { StepMoment } from '../../application/process-engine/process.ts';
import { MOMENTS as ALL_MOMENTS } from '../../application/testing/process-properties.ts';
import { PROJECT_LOGINS } from '../../domain/project/project-logins.ts';
import { RandomIds } from '../../infrastructure/crypto/random-ids.ts';
import { derivedKey } from '../../infrastructure/crypto/aes-secrets.ts';
import { MASTER_KEY, PlatformUnderTest, type Disturbance } from './platform-under-test.ts';

/** On the other event store those around the append: in the others it has no part. */
export const MOMENTS: readonly StepMoment[] =
  process.env['ACCEPTANCE_STORE'] === 'esdb' ? ['after-effect', 'after-append'] : ALL_MOMENTS;

/** of the points of a file one of so many is run in the first tier */
export const ONE_OF = 6;

const ROLES = PROJECT_LOGINS.length;
export const EVERYTHING = { databases: 1, roles: ROLES, pools: 1, postgrests: 1 };
export const DATA_ONLY = { databases: 1, roles: ROLES, pools: 0, postgrests: 0 };
/** asleep: the next request starts what is missing */
export const REACHABLE = { databases: 1, roles: ROLES, pools: 1, postgrests: 0 };
export const NOTHING = { databases: 0, roles: 0, pools: 0, postgrests: 0 };

const ids = new RandomIds(derivedKey(Buffer.from(MASTER_KEY, 'hex'), 'ids'));
/** The id that a request with this key will get: known before the request, so that the way can be prepared. */
export const projectIdOf = (ownerId: string, key: string) => ids.projectIdFor(ownerId, key);

const AT_REST = ['active', 'paused', 'sleeping', 'failed', 'suspended', 'deleted', 'purged'];

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
    { timeout: 240_000, interval: 25 },
  );
}

/** The platform of a file of rounds: each begins with one that runs undisturbed and ends it at one point or two. */
export class CrashRounds {
  readonly #disturbed: Disturbance;
  #platform: PlatformUnderTest | undefined;
  token = '';
  ownerId = '';

  /** @param variables of the platform's environment */
  constructor(disturbed: Disturbance = {}, variables: Readonly<Record<string, string>> = {}) {
    this.#disturbed = disturbed;
    beforeAll(async () => {
      this.#platform = await PlatformUnderTest.create(variables);
      await this.#platform.start(disturbed);
      this.token = await this.platform.owner('crash');
      const me = await this.platform.call<{ owner_id: string }>('GET', '/api/owners/me', {
        token: this.token,
      });
      this.ownerId = me.body.owner_id;
    });
    beforeEach(async (round) => {
      if (!this.platform.running) await this.platform.start(disturbed);
      // what is left of a round that failed must not be what the next one begins with
      round.onTestFailed(() => this.platform.kill());
    });
    afterAll(() => this.#platform?.close());
  }

  get platform(): PlatformUnderTest {
    if (!this.#platform) throw new Error('no round has begun');
    return this.#platform;
  }

  /** Asks for something that ends the platform on the way, then starts it again as if nothing were wrong. */
  async crashAndRestart(point: string, ask: () => Promise<unknown>): Promise<void> {
    await this.platform.crashAt(point);
    // the connection dies with the platform
    await ask().catch(() => {});
    await this.platform.ended();
    await this.platform.start(this.#disturbed);
  }

  /** Starts one that ends at this point by itself, whenever that is, then again as if nothing were wrong. */
  async crashAtStart(point: string): Promise<void> {
    const { environment } = this.platform;
    environment['CRASH_AT'] = point;
    // it may end before it is ready
    await this.platform.start(this.#disturbed).catch(() => {});
    await this.platform.ended();
    delete environment['CRASH_AT'];
    await this.platform.start(this.#disturbed);
  }

  /** @returns the status in which the project comes to rest */
  restsAs = (id: string): Promise<string> => statusAtRest(this.platform, this.token, id);
}
