/**
 * Uploads that had not ended when the page was left or read again: kept in this browser, so that the same file goes on where
 * it was. Neither bytes nor tokens are kept: whoever goes on asks for a token of their own.
 */
import type { NewUpload } from './upload-queue.ts';

export interface UnfinishedUpload {
  readonly bucket: string;
  readonly path: string;
  /** where it goes on, below the project's address */
  readonly place: string;
  /** bytes; with the time of its last change they tell a file from another of its name */
  readonly size: number;
  readonly changed: number;
  readonly sent: number;
  /** ms since 1970, of the last bytes */
  readonly at: number;
}

type Kept = Pick<Storage, 'getItem' | 'setItem'>;

const PLACE = /^\/storage\/v1\/upload\/resumable\/[^/?#]+$/;
const MOST = 100;
/** the storage gives up what nobody went on with */
const LIFE_MS = 24 * 60 * 60 * 1000;

export class UnfinishedUploads {
  readonly #kept: Kept;
  readonly #key: string;
  readonly #now: () => number;
  readonly #listeners = new Set<() => void>();
  #read: { readonly text: string; readonly all: readonly UnfinishedUpload[] } = { text: '[]', all: [] };

  constructor(kept: Kept, project: string, now = () => new Date().getTime()) {
    this.#kept = kept;
    this.#key = `launchdb.uploads.${project}`;
    this.#now = now;
  }

  /** For useSyncExternalStore: the same array until something changes, here or in another window. */
  readonly snapshot = (): readonly UnfinishedUpload[] => {
    const text = this.#text();
    if (text !== this.#read.text) this.#read = { text, all: this.#parsed(text) };
    return this.#read.all;
  };
  readonly subscribe = (heard: () => void): (() => void) => {
    this.#listeners.add(heard);
    if (typeof addEventListener === 'function') addEventListener('storage', heard);
    return () => {
      this.#listeners.delete(heard);
      if (typeof removeEventListener === 'function') removeEventListener('storage', heard);
    };
  };

  /** Of the same file to the same place. */
  find({ bucket, path, file, replaces }: NewUpload): UnfinishedUpload | undefined {
    if (replaces) return undefined;
    return this.snapshot().find(
      (one) =>
        one.bucket === bucket &&
        one.path === path &&
        one.size === file.size &&
        one.changed === file.lastModified,
    );
  }

  keep({ bucket, path, file }: NewUpload, place: string, sent: number): void {
    const upload = {
      bucket,
      path,
      place,
      size: file.size,
      changed: file.lastModified,
      sent,
      at: this.#now(),
    };
    this.#write([upload, ...this.#others(upload)].slice(0, MOST));
  }

  forget(upload: Pick<UnfinishedUpload, 'bucket' | 'path'>): void {
    this.#write(this.#others(upload));
  }

  #others({ bucket, path }: Pick<UnfinishedUpload, 'bucket' | 'path'>): readonly UnfinishedUpload[] {
    return this.snapshot().filter((one) => one.bucket !== bucket || one.path !== path);
  }

  #text(): string {
    try {
      return this.#kept.getItem(this.#key) ?? '[]';
    } catch {
      return '[]';
    }
  }

  /** What was written by another version, or by hand, is as good as nothing. */
  #parsed(text: string): readonly UnfinishedUpload[] {
    try {
      const found: unknown = JSON.parse(text);
      return Array.isArray(found)
        ? found.filter(isUpload).filter(({ at }) => this.#now() - at < LIFE_MS)
        : [];
    } catch {
      return [];
    }
  }

  /** A full or closed storage loses them: then uploads begin again. */
  #write(uploads: readonly UnfinishedUpload[]): void {
    try {
      this.#kept.setItem(this.#key, JSON.stringify(uploads));
    } catch {
      return;
    }
    for (const heard of this.#listeners) heard();
  }
}

function isUpload(value: unknown): value is UnfinishedUpload {
  if (typeof value !== 'object' || value === null) return false;
  const one = value as Record<keyof UnfinishedUpload, unknown>;
  return (
    [one.bucket, one.path, one.place].every((text) => typeof text === 'string') &&
    [one.size, one.changed, one.sent, one.at].every((count) => typeof count === 'number') &&
    PLACE.test(String(one.place))
  );
}
