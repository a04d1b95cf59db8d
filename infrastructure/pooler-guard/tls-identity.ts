/** The certificate that the guard shows, read again when its files have changed, so that renewing it ends no session. */
import { readFile, stat } from 'node:fs/promises';
import { createSecureContext, type SecureContext } from 'node:tls';

export interface CertificateFiles {
  readonly certificate: string;
  readonly key: string;
}

const LOOK_EVERY_MS = 1_000;

export class TlsIdentity {
  readonly #files: CertificateFiles;
  readonly #onReload: (error: unknown) => void;
  #context: SecureContext | undefined;
  #seen = '';
  #timer: NodeJS.Timeout | undefined;

  /** @param onReload told of each change; with the reason when it cannot be used, and the one before stays in use */
  constructor(files: CertificateFiles, onReload: (error: unknown) => void) {
    this.#files = files;
    this.#onReload = onReload;
  }

  /** What new connections are shown. */
  get context(): SecureContext {
    if (!this.#context) throw new Error('no certificate was read');
    return this.#context;
  }

  /** @throws the files are not there, or are not a certificate and its key */
  async start(): Promise<void> {
    this.#seen = await this.#signature();
    this.#context = await this.#read();
    this.#timer = setInterval(() => void this.#look(), LOOK_EVERY_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    const now = await this.#signature().catch(() => undefined);
    // one that is being replaced is looked at again
    if (now === undefined || now === this.#seen) return;
    this.#seen = now;
    try {
      this.#context = await this.#read();
      this.#onReload(undefined);
    } catch (error) {
      this.#onReload(error);
    }
  }

  /** @throws also when certificate and key are not of each other, as between the writing of one and of the other */
  async #read(): Promise<SecureContext> {
    const [cert, key] = await Promise.all([readFile(this.#files.certificate), readFile(this.#files.key)]);
    return createSecureContext({ cert, key, minVersion: 'TLSv1.2' });
  }

  async #signature(): Promise<string> {
    const stats = await Promise.all([stat(this.#files.certificate), stat(this.#files.key)]);
    return stats.map(({ mtimeMs, ino, size }) => `${mtimeMs} ${ino} ${size}`).join(' ');
  }
}
