import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import { errors, jwtVerify, SignJWT } from 'jose';
import { Refused } from '../../application/errors.ts';
import {
  SERVICE_TOKEN_SECONDS,
  type ApiKeys,
  type DatabaseLogin,
  type DatabaseLogins,
  type ProjectSecrets,
  type Secrets,
  type TokenVerdict,
  type VerifyingKeys,
} from '../../application/ports/secrets.ts';
import type { SealedSecrets } from '../../domain/project/events.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { PROJECT_LOGINS, type ProjectLogin } from '../../domain/project/project-logins.ts';
import { CLOCK_TOLERANCE_SECONDS, keysOfToken, type TokenKey } from './keys-of-token.ts';
import { NOTHING_TO_GUESS, scramVerifier } from './scram.ts';

const IV_BYTES = 12;
const TAG_BYTES = 16;
const API_KEY_SECONDS = 10 * 365 * 24 * 3600;
/** of the logins that projects had from the beginning */
const FIRST_VERSION = 1;

/** A key for one purpose, derived (HKDF-SHA256) from the master key; 32 bytes. */
export const derivedKey = (masterKey: Uint8Array, purpose: string): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', masterKey, 'launchdb', purpose, 32));

/** A password of a login of our own that follows from the master key: the same at every start, stored nowhere. */
export const derivedPassword = (masterKey: Uint8Array, purpose: string): string =>
  Buffer.from(derivedKey(masterKey, purpose)).toString('base64url');

const KEY_VERSION = 1;

/** What is sealed, whatever its version. */
type Opened = DatabaseLogins & { readonly jwtSecret: string };

/** Secrets of projects, sealed with AES-256-GCM under a key of each project's own. */
export class AesSecrets implements Secrets {
  readonly #masterKey: Uint8Array;
  readonly #logins: readonly ProjectLogin[];

  constructor(masterKey: Uint8Array, logins: readonly ProjectLogin[] = PROJECT_LOGINS) {
    if (masterKey.length !== 32) throw new TypeError('the master key has 32 bytes');
    this.#masterKey = masterKey;
    this.#logins = logins;
  }

  async issue(): Promise<ProjectSecrets> {
    const logins = (await newLogins(this.#logins)) as DatabaseLogins;
    return { jwtSecret: randomBytes(48).toString('base64url'), logins };
  }

  async completed(
    project: ProjectId,
    sealed: SealedSecrets,
    templateVersion: number,
  ): Promise<SealedSecrets | undefined> {
    const { logins, ...others } = this.open(project, sealed);
    const lacking = this.#logins.filter(({ name, since }) => since <= templateVersion && !logins[name]);
    if (lacking.length === 0) return undefined;
    return this.seal(project, { ...others, logins: { ...logins, ...(await newLogins(lacking)) } });
  }

  seal(project: ProjectId, { jwtSecret, logins }: ProjectSecrets): SealedSecrets {
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#keyOf(project), iv, { authTagLength: TAG_BYTES });
    const held = this.#logins.filter(({ name }) => logins[name]);
    const version = Math.max(FIRST_VERSION, ...held.map(({ since }) => since));
    // as it always was, where there is nothing new in it
    const versions = { keyVersion: KEY_VERSION, ...(version > FIRST_VERSION && { version }) };
    cipher.setAAD(context(project, versions));
    const text = JSON.stringify({ jwtSecret, ...logins });
    const sealed = [iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()];
    return { ...versions, ciphertext: Buffer.concat(sealed).toString('base64') };
  }

  open(project: ProjectId, sealed: SealedSecrets): ProjectSecrets {
    const bytes = Buffer.from(sealed.ciphertext, 'base64');
    try {
      const iv = bytes.subarray(0, IV_BYTES);
      const decipher = createDecipheriv('aes-256-gcm', this.#keyOf(project), iv, {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(context(project, sealed));
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      const text = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]);
      const { jwtSecret, ...logins } = JSON.parse(text.toString('utf8')) as Opened;
      return { jwtSecret, logins };
    } catch {
      // the cause is left out: nothing of a key or a plain text may travel in an error
      throw new Refused(`the secrets of ${project} cannot be opened with this master key`);
    }
  }

  async apiKeys(project: ProjectId, secrets: ProjectSecrets, issuedAt: Date): Promise<ApiKeys> {
    const key = (role: string) => signed(project, secrets, role, issuedAt, API_KEY_SECONDS);
    const [anonKey, serviceRoleKey] = await Promise.all([key('anon'), key('service_role')]);
    return { anonKey, serviceRoleKey };
  }

  async serviceToken(project: ProjectId, secrets: ProjectSecrets, issuedAt: Date): Promise<string> {
    return signed(project, secrets, 'service_role', issuedAt, SERVICE_TOKEN_SECONDS);
  }

  async judge(token: string, keys: VerifyingKeys): Promise<TokenVerdict> {
    for (const candidate of keysOfToken(token, keys)) {
      const verdict = await verdictOn(token, candidate);
      if (verdict !== 'wrong') return verdict;
    }
    return 'wrong';
  }

  #keyOf(project: ProjectId): Uint8Array {
    return derivedKey(this.#masterKey, `project-secrets:${project}`);
  }
}

const context = (
  project: ProjectId,
  { keyVersion, version }: Pick<SealedSecrets, 'keyVersion' | 'version'>,
): Uint8Array =>
  Buffer.from(version === undefined ? `${project}:${keyVersion}` : `${project}:${keyVersion}:${version}`);

function signed(
  project: ProjectId,
  { jwtSecret }: ProjectSecrets,
  role: string,
  issuedAt: Date,
  forSeconds: number,
): Promise<string> {
  const seconds = Math.floor(issuedAt.getTime() / 1000);
  return new SignJWT({ role, ref: project })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .setIssuer('launchdb')
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + forSeconds)
    .sign(new TextEncoder().encode(jwtSecret));
}

async function verdictOn(token: string, { key, algorithms }: TokenKey): Promise<TokenVerdict> {
  try {
    await jwtVerify(token, key, { algorithms, clockTolerance: CLOCK_TOLERANCE_SECONDS });
    return 'good';
  } catch (error) {
    // both come after the signature was found to be good
    if (error instanceof errors.JWTExpired) return 'expired';
    return error instanceof errors.JWTClaimValidationFailed && error.claim === 'nbf' ? 'not-yet' : 'wrong';
  }
}

const newLogins = async (logins: readonly ProjectLogin[]): Promise<Record<string, DatabaseLogin>> =>
  Object.fromEntries(await Promise.all(logins.map(async (row) => [row.name, await newLogin(row)] as const)));

async function newLogin({ forPeople }: ProjectLogin): Promise<DatabaseLogin> {
  const password = randomBytes(24).toString('base64url');
  const iterations = forPeople ? undefined : NOTHING_TO_GUESS;
  return { password, verifier: await scramVerifier(password, undefined, iterations) };
}
