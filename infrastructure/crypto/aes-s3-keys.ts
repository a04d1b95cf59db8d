import { randomBytes } from 'node:crypto';
import { Refused } from '../../application/errors.ts';
import type { S3KeyPair, S3KeyVault } from '../../application/ports/s3-keys.ts';
import type { SealedSecrets } from '../../domain/project/events.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { openBox, sealedBox } from './aes-box.ts';
import { derivedKey } from './aes-secrets.ts';

const KEY_VERSION = 1;
const ID_BYTES = 10;
const SECRET_BYTES = 30;

/** AES-256-GCM under a key that follows from the master key, for this purpose and each project's own. */
export class AesS3Keys implements S3KeyVault {
  readonly #masterKey: Uint8Array;

  constructor(masterKey: Uint8Array) {
    if (masterKey.length !== 32) throw new TypeError('the master key has 32 bytes');
    this.#masterKey = masterKey;
  }

  make(): S3KeyPair {
    return {
      id: randomBytes(ID_BYTES).toString('hex').toUpperCase(),
      secret: randomBytes(SECRET_BYTES).toString('base64url'),
    };
  }

  seal(project: ProjectId, { id, secret }: S3KeyPair): SealedSecrets {
    const box = sealedBox(this.#keyOf(project), Buffer.from(secret), contextOf(project, id));
    return { keyVersion: KEY_VERSION, ciphertext: box.toString('base64') };
  }

  open(project: ProjectId, id: string, { keyVersion, ciphertext }: SealedSecrets): S3KeyPair {
    if (keyVersion !== KEY_VERSION) throw new Refused('an S3 key that was sealed under an unknown key');
    const secret = openBox(
      this.#keyOf(project),
      Buffer.from(ciphertext, 'base64'),
      contextOf(project, id),
    ).toString();
    return { id, secret };
  }

  #keyOf(project: ProjectId): Uint8Array {
    return derivedKey(this.#masterKey, `s3-keys:${project}`);
  }
}

const contextOf = (project: ProjectId, id: string): string =>
  `launchdb s3 key ${id} of ${project} ${KEY_VERSION}`;
