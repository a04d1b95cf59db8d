/**
 * Uploads of one page: a few at a time, each of which can be paused, gone on with, cancelled and tried again. What sends
 * the bytes is given to it, so that it is loaded with the first upload.
 */

export type UploadState = 'waiting' | 'sending' | 'paused' | 'done' | 'failed';

export interface Upload {
  readonly id: number;
  readonly bucket: string;
  readonly path: string;
  /** bytes */
  readonly size: number;
  readonly sent: number;
  readonly state: UploadState;
  /** why it failed */
  readonly error: unknown;
}

export interface Sender {
  /** goes on where it was, if it can */
  start(): void;
  /** keeps what was sent */
  pause(): Promise<void>;
  /** and takes away what was sent */
  cancel(): Promise<void>;
}

export interface Heard {
  readonly progress: (sent: number) => void;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

export interface NewUpload {
  readonly bucket: string;
  readonly path: string;
  readonly file: File;
  /** in the place of what is there */
  readonly replaces: boolean;
}
/** Makes what sends one file; nothing is sent yet. */
export type MakeSender = (upload: NewUpload, heard: Heard) => Promise<Sender>;

const AT_ONCE = 3;

export class UploadQueue {
  readonly #make: MakeSender;
  readonly #onDone: (upload: Upload) => void;
  readonly #asked = new Map<number, NewUpload>();
  readonly #senders = new Map<number, Sender>();
  readonly #listeners = new Set<() => void>();
  #uploads: readonly Upload[] = [];
  #next = 1;

  constructor(make: MakeSender, onDone: (upload: Upload) => void = () => {}) {
    this.#make = make;
    this.#onDone = onDone;
  }

  /** For useSyncExternalStore: the same array until something changes. */
  readonly snapshot = (): readonly Upload[] => this.#uploads;
  readonly subscribe = (heard: () => void): (() => void) => {
    this.#listeners.add(heard);
    return () => this.#listeners.delete(heard);
  };

  add(...uploads: readonly NewUpload[]): void {
    const made = uploads.map((upload): Upload => {
      const id = this.#next++;
      this.#asked.set(id, upload);
      const { bucket, path, file } = upload;
      return { id, bucket, path, size: file.size, sent: 0, state: 'waiting', error: null };
    });
    this.#set([...this.#uploads, ...made]);
    this.#startNext();
  }

  async pause(id: number): Promise<void> {
    if (this.#find(id)?.state !== 'sending') return;
    this.#change(id, { state: 'paused' });
    this.#startNext();
    await this.#senders.get(id)?.pause();
  }

  /** One that is paused, or failed, waits for its turn again. */
  resume(id: number): void {
    const state = this.#find(id)?.state;
    if (state !== 'paused' && state !== 'failed') return;
    this.#change(id, { state: 'waiting', error: null });
    this.#startNext();
  }

  /** One that failed is sent from its beginning, in the place of what is there. */
  replace(id: number): void {
    const asked = this.#asked.get(id);
    if (!asked || this.#find(id)?.state !== 'failed') return;
    this.#asked.set(id, { ...asked, replaces: true });
    this.#senders.delete(id);
    this.resume(id);
  }

  async cancel(id: number): Promise<void> {
    const sender = this.#senders.get(id);
    const isDone = this.#find(id)?.state === 'done';
    this.#forget(id);
    this.#startNext();
    if (!isDone) await sender?.cancel();
  }

  clearDone(): void {
    for (const { id, state } of this.#uploads) if (state === 'done') this.#forget(id);
  }

  get isBusy(): boolean {
    return this.#uploads.some(
      ({ state }) => state === 'waiting' || state === 'sending' || state === 'paused',
    );
  }

  #startNext(): void {
    const sending = this.#uploads.filter(({ state }) => state === 'sending').length;
    const waiting = this.#uploads.filter(({ state }) => state === 'waiting');
    for (const { id } of waiting.slice(0, Math.max(0, AT_ONCE - sending))) void this.#start(id);
  }

  async #start(id: number): Promise<void> {
    const asked = this.#asked.get(id);
    if (!asked) return;
    this.#change(id, { state: 'sending' });
    try {
      const sender = this.#senders.get(id) ?? (await this.#make(asked, this.#heard(id)));
      // whoever cancelled or paused it meanwhile does not want it to be sent
      if (!this.#find(id)) return;
      this.#senders.set(id, sender);
      if (this.#find(id)?.state === 'sending') sender.start();
    } catch (error) {
      this.#fail(id, error);
    }
  }

  #heard(id: number): Heard {
    return {
      progress: (sent) => this.#change(id, { sent }),
      done: () => {
        const upload = this.#find(id);
        if (!upload) return;
        this.#change(id, { state: 'done', sent: upload.size });
        this.#senders.delete(id);
        this.#asked.delete(id);
        this.#onDone(upload);
        this.#startNext();
      },
      failed: (error) => this.#fail(id, error),
    };
  }

  #fail(id: number, error: unknown): void {
    this.#change(id, { state: 'failed', error });
    this.#startNext();
  }

  #forget(id: number): void {
    this.#asked.delete(id);
    this.#senders.delete(id);
    this.#set(this.#uploads.filter((upload) => upload.id !== id));
  }

  #find(id: number): Upload | undefined {
    return this.#uploads.find((upload) => upload.id === id);
  }

  #change(id: number, change: Partial<Upload>): void {
    if (this.#find(id))
      this.#set(this.#uploads.map((upload) => (upload.id === id ? { ...upload, ...change } : upload)));
  }

  #set(uploads: readonly Upload[]): void {
    this.#uploads = uploads;
    for (const heard of this.#listeners) heard();
  }
}
