/** Hashes of passwords that people bring along: which ones we take, and how much work each may ask for. */

/** What one hash may take, in KiB: a few at once have to fit into the memory of a small container. */
export const MOST_MEMORY_KIB = 131_072;
/** And in KiB times passes: about a second of one core. */
export const MOST_WORK_KIB = 524_288;
export const MOST_LANES = 16;
/** twice the work with each; about two seconds of one core */
const MOST_BCRYPT_COST = 15;
/** of the column that holds it */
const LONGEST = 255;

export interface Argon2Hash {
  readonly kind: 'argon2';
  readonly variant: 'argon2i' | 'argon2id';
  readonly version: 16 | 19;
  readonly memoryKib: number;
  readonly passes: number;
  readonly lanes: number;
  /** base64, as the hash */
  readonly salt: string;
  readonly hash: string;
}

export interface BcryptHash {
  readonly kind: 'bcrypt';
  readonly cost: number;
  /** salt and hash, in bcrypt's own base64 */
  readonly rest: string;
}

/** scrypt as Firebase has it: what it gives is the key that the project's signer key is encrypted with. */
export interface FirebaseHash {
  readonly kind: 'firebase-scrypt';
  /** N of scrypt, a power of two */
  readonly rounds: number;
  readonly blockSize: number;
  readonly lanes: number;
  /** base64, as what follows */
  readonly saltSeparator: string;
  readonly signerKey: string;
  readonly salt: string;
  readonly hash: string;
}

export type PasswordHash = Argon2Hash | BcryptHash | FirebaseHash;

/** @returns undefined: it is none that we know, or asks for more than we give a hash */
export function parsePasswordHash(text: string): PasswordHash | undefined {
  if (text.length > LONGEST) return undefined;
  return argon2Hash(text) ?? bcryptHash(text) ?? firebaseHash(text);
}

/** Of a hash that somebody brings along; undefined: we could not check a password by it. */
export const hashKind = (text: string): PasswordHash['kind'] | undefined => parsePasswordHash(text)?.kind;

// salts of 8 to 64 bytes, hashes of 16 to 64: fewer bits than that fit passwords that they are not of
const ARGON2 =
  /^\$(argon2id?)\$(?:v=(16|19)\$)?([mtp]=[\d,mtp=]+)\$([\w+/-]{11,86})={0,2}\$([\w+/-]{22,86})={0,2}$/;

function argon2Hash(text: string): Argon2Hash | undefined {
  const [, variant, version, given = '', salt, hash] = ARGON2.exec(text) ?? [];
  if (variant === undefined || salt === undefined || hash === undefined) return undefined;
  const values = numbers(given);
  const [memoryKib = 0, passes = 0, lanes = 0] = ['m', 't', 'p'].map((name) => values.get(name));
  if (passes < 1 || lanes < 1 || lanes > MOST_LANES || memoryKib < 8 * lanes) return undefined;
  if (!isAffordable(memoryKib, passes)) return undefined;
  return {
    kind: 'argon2',
    variant: variant as Argon2Hash['variant'],
    version: version === '19' ? 19 : 16,
    memoryKib,
    passes,
    lanes,
    salt,
    hash,
  };
}

function bcryptHash(text: string): BcryptHash | undefined {
  const [, cost, rest] = /^\$2[aby]\$(\d\d)\$([./A-Za-z0-9]{53})$/.exec(text) ?? [];
  if (rest === undefined) return undefined;
  return Number(cost) < 4 || Number(cost) > MOST_BCRYPT_COST
    ? undefined
    : { kind: 'bcrypt', cost: Number(cost), rest };
}

const BASE64 = '[\\w+/-]+={0,2}';
const FIREBASE = new RegExp(
  `^\\$fbscrypt\\$v=1,(n=\\d+,r=\\d+,p=\\d+)(?:,ss=(${BASE64})?)?,sk=(${BASE64})\\$((?:${BASE64})?)\\$(${BASE64})$`,
);

function firebaseHash(text: string): FirebaseHash | undefined {
  const [, given = '', saltSeparator = '', signerKey, salt = '', hash] = FIREBASE.exec(text) ?? [];
  if (signerKey === undefined || hash === undefined) return undefined;
  const values = numbers(given);
  const [exponent = 0, blockSize = 0, lanes = 0] = ['n', 'r', 'p'].map((name) => values.get(name));
  if (exponent < 1 || blockSize < 1 || lanes < 1) return undefined;
  const rounds = 2 ** exponent;
  if (!isAffordable((rounds * blockSize) / 8, lanes)) return undefined;
  return { kind: 'firebase-scrypt', rounds, blockSize, lanes, saltSeparator, signerKey, salt, hash };
}

export const isAffordable = (memoryKib: number, passes: number): boolean =>
  memoryKib <= MOST_MEMORY_KIB && memoryKib * passes <= MOST_WORK_KIB;

/** Of `m=1,t=2`; what stands there twice, or is no number, leaves the map one short. */
const numbers = (text: string): ReadonlyMap<string, number> =>
  new Map(
    text.split(',').flatMap((part, _, all) => {
      const [, name = '', value] = /^([a-z])=(\d{1,10})$/.exec(part) ?? [];
      return all.length === 3 && value !== undefined ? [[name, Number(value)] as const] : [];
    }),
  );
