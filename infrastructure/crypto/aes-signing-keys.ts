import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { calculateJwkThumbprint } from 'jose';
import { KeyedQueue } from '../../application/background/keyed-queue.ts';
import { Refused } from '../../application/errors.ts';
import type { PrivateKey, SigningKeyVault } from '../../application/ports/signing-keys.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import type { SigningKey } from '../../domain/project/events.ts';
import type { PublicKey, SigningAlgorithm } from '../../domain/project/public-key.ts';
import { openBox, sealedBox } from './aes-box.ts';
import { derivedKey } from './aes-secrets.ts';

const KEY_VERSION = 1;
const RSA_BITS = 2048;
const generate = promisify(generateKeyPair);

/** Sealed with AES-256-GCM under a key of each project's own, each in its own place. */
export class AesSigningKeys implements SigningKeyVault {
  readonly #masterKey: Uint8Array;
  /** one after the other: passwords are checked by the same threads */
  readonly #making = new KeyedQueue<'key'>();

  constructor(masterKey: Uint8Array) {
    if (masterKey.length !== 32) throw new TypeError('the master key has 32 bytes');
    this.#masterKey = masterKey;
  }

  make(project: ProjectId, algorithm: SigningAlgorithm): Promise<SigningKey> {
    return this.#making.run('key', () => this.#made(project, algorithm));
  }

  async #made(project: ProjectId, algorithm: SigningAlgorithm): Promise<SigningKey> {
    const pair = await (algorithm === 'ES256'
      ? generate('ec', { namedCurve: 'P-256' })
      : generate('rsa', { modulusLength: RSA_BITS }));
    const publicKey = await publicJwk(pair.publicKey, algorithm);
    const secret = Buffer.from(JSON.stringify(pair.privateKey.export({ format: 'jwk' })));
    const box = sealedBox(this.#keyOf(project), secret, contextOf(project, publicKey.kid));
    return { publicKey, sealed: { keyVersion: KEY_VERSION, ciphertext: box.toString('base64') } };
  }

  open(project: ProjectId, { publicKey: { kid, alg }, sealed }: SigningKey): PrivateKey {
    if (sealed.keyVersion !== KEY_VERSION) throw new Refused('a key that was sealed under an unknown key');
    const box = Buffer.from(sealed.ciphertext, 'base64');
    const text = openBox(this.#keyOf(project), box, contextOf(project, kid)).toString();
    return { kid, alg, jwk: JSON.parse(text) as PrivateKey['jwk'] };
  }

  #keyOf(project: ProjectId): Uint8Array {
    return derivedKey(this.#masterKey, `signing-keys:${project}`);
  }
}

const contextOf = (project: ProjectId, kid: string): string =>
  `launchdb signing key ${project} ${kid} ${KEY_VERSION}`;

/** Member by member, so that nothing of the other half can come along. */
async function publicJwk(key: KeyObject, algorithm: SigningAlgorithm): Promise<PublicKey> {
  const jwk = key.export({ format: 'jwk' });
  const kid = await calculateJwkThumbprint(jwk);
  const { x = '', y = '', n = '', e = '' } = jwk;
  return algorithm === 'ES256'
    ? { kid, use: 'sig', alg: 'ES256', kty: 'EC', crv: 'P-256', x, y }
    : { kid, use: 'sig', alg: 'RS256', kty: 'RSA', n, e };
}
