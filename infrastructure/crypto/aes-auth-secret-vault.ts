import { Refused } from '../../application/errors.ts';
import type { AuthSecretVault } from '../../application/ports/auth-secret-vault.ts';
import { NO_AUTH_SECRETS, type AuthSecrets } from '../../domain/auth/auth-settings.ts';
import type { SealedSecrets } from '../../domain/project/events.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { openBox, sealedBox } from './aes-box.ts';
import { derivedKey } from './aes-secrets.ts';

const KEY_VERSION = 1;

/** AES-256-GCM under a key that follows from the master key, for this purpose and each project's own. */
export class AesAuthSecretVault implements AuthSecretVault {
  readonly #masterKey: Uint8Array;

  constructor(masterKey: Uint8Array) {
    if (masterKey.length !== 32) throw new TypeError('the master key has 32 bytes');
    this.#masterKey = masterKey;
  }

  seal(project: ProjectId, secrets: AuthSecrets): SealedSecrets {
    const box = sealedBox(this.#keyOf(project), Buffer.from(JSON.stringify(secrets)), contextOf(project));
    return { keyVersion: KEY_VERSION, ciphertext: box.toString('base64') };
  }

  open(project: ProjectId, { keyVersion, ciphertext }: SealedSecrets): AuthSecrets {
    if (keyVersion !== KEY_VERSION) throw new Refused('auth secrets that were sealed under an unknown key');
    const text = openBox(
      this.#keyOf(project),
      Buffer.from(ciphertext, 'base64'),
      contextOf(project),
    ).toString();
    // what a later release came to keep is not in what an earlier one has sealed
    return { ...NO_AUTH_SECRETS, ...(JSON.parse(text) as Partial<AuthSecrets>) };
  }

  #keyOf(project: ProjectId): Uint8Array {
    return derivedKey(this.#masterKey, `auth-secrets:${project}`);
  }
}

const contextOf = (project: ProjectId): string => `launchdb auth secrets ${project} ${KEY_VERSION}`;
