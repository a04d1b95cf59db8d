import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Refused } from '../../application/errors.ts';
import type { EmailVault } from '../../application/ports/email-vault.ts';

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
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
    return seal(this.#masterKey, randomBytes(KEY_BYTES), keyContext(ownerId));
  }

  seal(ownerId: string, sealedKey: Uint8Array, email: string): string {
    const key = this.#ownerKey(ownerId, sealedKey);
    return VERSION + seal(key, Buffer.from(email), emailContext(ownerId)).toString('base64url');
  }

  open(ownerId: string, sealedKey: Uint8Array, sealed: string): string {
    if (!sealed.startsWith(VERSION)) throw new Refused('the sealed e-mail address has an unknown version');
    const key = this.#ownerKey(ownerId, sealedKey);
    const box = Buffer.from(sealed.slice(VERSION.length), 'base64url');
    return open(key, box, emailContext(ownerId)).toString();
  }

  #ownerKey(ownerId: string, sealedKey: Uint8Array): Buffer {
    return open(this.#masterKey, sealedKey, keyContext(ownerId));
  }
}

/** Bound to what is sealed, so that no box can be put in the place of another. */
const keyContext = (ownerId: string) => `launchdb owner key ${ownerId}`;
const emailContext = (ownerId: string) => `launchdb owner email ${ownerId}`;

function seal(key: Uint8Array, plain: Uint8Array, context: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(context));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function open(key: Uint8Array, box: Uint8Array, context: string): Buffer {
  try {
    const decipher = createDecipheriv(CIPHER, key, box.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(Buffer.from(context)).setAuthTag(box.subarray(-TAG_BYTES));
    return Buffer.concat([decipher.update(box.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
  } catch (error) {
    throw new Refused('what was sealed for an owner does not open: another master key, or altered', error);
  }
}
