import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import argon2 from 'argon2';
import { unavailable } from '../../application/errors.ts';
import type { Asker, PasswordLoad, Passwords } from '../../application/ports/passwords.ts';
import { parsePasswordHash, type Argon2Hash } from '../../domain/auth/password-hash.ts';
import { normalPassword } from '../../domain/auth/password-rules.ts';
import { networkOf } from '../../domain/platform/network-of.ts';
import { FairTurns, type TurnLimits } from '../../application/background/fair-turns.ts';
import { matches } from './foreign-passwords.ts';

interface Argon2Parameters {
  /** of each hash; default 19,456 */
  readonly memoryKib: number;
  /** default 2 */
  readonly passes: number;
  /** threads of its own that each hash is computed by; default 1 */
  readonly lanes: number;
}

export type Argon2Options = Partial<Argon2Parameters & TurnLimits>;

/** the memory, passes and lanes that OWASP recommends as the least */
const PARAMETERS: Argon2Parameters = { memoryKib: 19_456, passes: 2, lanes: 1 };
const TURNS: TurnLimits = { concurrency: 2, queueLength: 256, maxWaitMs: 10_000 };
const [SALT_BYTES, HASH_BYTES] = [16, 32];

/** Makes Argon2id, and checks whatever people bring along, so many at once and the others in turn. */
export class Argon2Passwords implements Passwords {
  readonly #turns: FairTurns;
  /** Of random bytes that nobody knows a password of: compared with when there is no hash, at the cost of one of ours. */
  readonly #nobody: Argon2Hash;

  constructor(options: Argon2Options = {}) {
    this.#turns = new FairTurns({ ...TURNS, ...options }, busy);
    const { memoryKib, passes, lanes } = { ...PARAMETERS, ...options };
    this.#nobody = {
      kind: 'argon2',
      variant: 'argon2id',
      version: 19,
      memoryKib,
      passes,
      lanes,
      salt: base64(randomBytes(SALT_BYTES)),
      hash: base64(randomBytes(HASH_BYTES)),
    };
  }

  get load(): PasswordLoad {
    return this.#turns.load;
  }

  hash(password: string, asker?: Asker): Promise<string> {
    const { memoryKib: memoryCost, passes: timeCost, lanes: parallelism } = this.#nobody;
    const salt = randomBytes(SALT_BYTES);
    return this.#inTurn(asker, async () => {
      const options = { raw: true, type: argon2.argon2id, memoryCost, timeCost, parallelism, salt } as const;
      const hash = await argon2.hash(normalPassword(password), options);
      return textOf({ ...this.#nobody, salt: base64(salt), hash: base64(hash) });
    });
  }

  verify(hash: string | null | undefined, password: string, asker?: Asker): Promise<boolean> {
    const known = parsePasswordHash(hash ?? '') ?? this.#nobody;
    return this.#inTurn(asker, async () => {
      for (const text of writingsOf(password)) if (await matches(known, text)) return true;
      return false;
    });
  }

  isOutdated(hash: string): boolean {
    const known = parsePasswordHash(hash);
    if (known?.kind !== 'argon2') return true;
    const { variant, version, memoryKib, passes, lanes } = this.#nobody;
    return (
      known.variant !== variant ||
      known.version !== version ||
      known.memoryKib !== memoryKib ||
      known.passes !== passes ||
      known.lanes !== lanes
    );
  }

  #inTurn<T>({ project, address }: Asker = {}, work: () => Promise<T>): Promise<T> {
    return this.#turns.inTurn(project ?? '', networkOf(address ?? ''), work);
  }
}

const base64 = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '');

/** In the order in which the reference implementation writes and wants them. */
const textOf = ({ variant, version, memoryKib, passes, lanes, salt, hash }: Argon2Hash): string =>
  `$${variant}$v=${version}$m=${memoryKib},t=${passes},p=${lanes}$${salt}$${hash}`;

/** Ours are made from the normal form, those of others from the text as it was given; whose one is, it does not say. */
const writingsOf = (password: string): ReadonlySet<string> => new Set([normalPassword(password), password]);

/**
 * How many hashes at once: a core for each of their threads, and of Node's thread pool two for files and names, which
 * would stand still otherwise.
 */
export const hashesAtOnce = (poolThreads: number, lanes: number, cores = availableParallelism()): number =>
  Math.max(1, Math.min(Math.floor(cores / lanes), poolThreads - 2));

const busy = () => unavailable('password_checks', 'check the password: too many are waiting already');
