import { randomBytes } from 'node:crypto';
import { Refused } from '../../application/errors.ts';
import type { EmailVault } from '../../application/ports/email-vault.ts';
import { openBox, sealedBox } from './aes-box.ts';

const KEY_BYTES = 32;
/** names how the text was sealed, so that it can be done another way later */
const VERSION = 'v1.';

/** AES-256-GCM twice: the master-derived key seals each owner's key, and that one seals the owner's data. */
export class AesEmailVault implements EmailVault {
  readonly #masterKey: Uint8Array;

  /** @throws {TypeError} when the key has not 32 bytes */
  constructor(masterKey: Uint8Array) {
    if (masterKey.length !== KEY_BYTES) throw new TypeError('the key of the vault needs 32 bytes');
    this.#masterKey = masterKey;
  }

  issueKey(ownerId: string): Uint8Array {
    return sealedBox(this.#masterKey, randomBytes(KEY_BYTES), keyContext(ownerId));
  }

  seal(ownerId: string, sealedKey: Uint8Array, email: string): string {
    const key = this.#ownerKey(ownerId, sealedKey);
    return VERSION + sealedBox(key, Buffer.from(email), emailContext(ownerId)).toString('base64url');
  }

  open(ownerId: string, sealedKey: Uint8Array, sealed: string): string {
    if (!sealed.startsWith(VERSION)) throw new Refused('the sealed e-mail address has an unknown version');
    const key = this.#ownerKey(ownerId, sealedKey);
    const box = Buffer.from(sealed.slice(VERSION.length), 'base64url');
    return openBox(key, box, emailContext(ownerId)).toString();
  }

  #ownerKey(ownerId: string, sealedKey: Uint8Array): Buffer {
    return openBox(this.#masterKey, sealedKey, keyContext(ownerId));
  }
}

/** Bound to what is sealed, so that no box can be put in the place of another. */
const keyContext = (ownerId: string) => `launchdb owner key ${ownerId}`;
const emailContext = (ownerId: string) => `launchdb owner email ${ownerId}`;
