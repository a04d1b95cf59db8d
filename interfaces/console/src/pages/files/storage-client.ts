/** A project's files, by its storage service, as the service role: no policy is asked. */
import { encodePath } from './object-paths.ts';

/** Sends a request below `/project/<id>/storage/v1` with the service token, and throws an answer that is no success. */
export type Ask = (path: string, init?: RequestInit) => Promise<Response>;

export interface Bucket {
  readonly id: string;
  readonly name: string;
  readonly public: boolean;
  /** bytes */
  readonly file_size_limit: number | null;
  readonly allowed_mime_types: readonly string[] | null;
  readonly created_at: string;
}
export type BucketRules = Partial<Pick<Bucket, 'public' | 'file_size_limit' | 'allowed_mime_types'>>;

export interface StoredFile {
  /** its whole path in the bucket */
  readonly path: string;
  readonly size: number | null;
  readonly type: string | null;
  readonly changedAt: string | null;
}

export interface FolderPage {
  /** prefixes that end with a slash */
  readonly folders: readonly string[];
  readonly files: readonly StoredFile[];
  /** null: it was the last page */
  readonly next: string | null;
}

/** The storage keeps it so that an empty folder is one; it is shown to nobody. */
export const PLACEHOLDER = '.emptyFolderPlaceholder';
const PAGE = 200;
const MOST_REMOVED = 1_000;

interface Row {
  readonly name: string;
  readonly updated_at: string | null;
  readonly metadata: Readonly<Record<string, unknown>> | null;
}
interface RowPage {
  readonly hasNext: boolean;
  readonly nextCursor?: string;
  readonly folders: readonly { readonly name: string }[];
  readonly objects: readonly Row[];
}

const fileOf = ({ name, updated_at: changedAt, metadata }: Row): StoredFile => ({
  path: name,
  size: typeof metadata?.['size'] === 'number' ? metadata['size'] : null,
  type: typeof metadata?.['mimetype'] === 'string' ? metadata['mimetype'] : null,
  changedAt,
});

/** Every function throws what the request does: an ApiProblem with the code of the service. */
export const storageClient = (ask: Ask) => {
  const asking = askingBy(ask);
  return { ...bucketsBy(asking), ...listsBy(asking), ...objectsBy(asking, ask) };
};
export type StorageClient = ReturnType<typeof storageClient>;

function askingBy(ask: Ask) {
  const send = (method: string, path: string, body?: object): Promise<Response> =>
    ask(path, {
      method,
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
  const read = async <T>(...asked: Parameters<typeof send>): Promise<T> =>
    (await (await send(...asked)).json()) as T;
  return { send, read };
}
type Asking = ReturnType<typeof askingBy>;

const bucketPath = (bucket: string): string => `/bucket/${encodeURIComponent(bucket)}`;
const place = (bucket: string, path: string): string => `${encodeURIComponent(bucket)}/${encodePath(path)}`;

const bucketsBy = ({ send, read }: Asking) => ({
  buckets: () => read<readonly Bucket[]>('GET', '/bucket'),
  async makeBucket(name: string, rules: BucketRules): Promise<void> {
    await send('POST', '/bucket', { id: name, name, ...rules });
  },
  async changeBucket(bucket: string, rules: BucketRules): Promise<void> {
    await send('PUT', bucketPath(bucket), rules);
  },
  async emptyBucket(bucket: string): Promise<void> {
    await send('POST', `${bucketPath(bucket)}/empty`, {});
  },
  async deleteBucket(bucket: string): Promise<void> {
    await send('DELETE', bucketPath(bucket), {});
  },
});

function listsBy({ read }: Asking) {
  const page = async (bucket: string, prefix: string, cursor: string | null, byFolder: boolean) => {
    const body = { prefix, cursor, limit: PAGE, with_delimiter: byFolder };
    const found = await read<RowPage>('POST', `/object/list-v2/${encodeURIComponent(bucket)}`, body);
    return {
      folders: found.folders.map(({ name }) => name),
      files: found.objects.map(fileOf),
      next: found.hasNext ? (found.nextCursor ?? null) : null,
    };
  };
  return {
    /** What is in a folder itself. */
    folder: (bucket: string, folder: string, cursor: string | null): Promise<FolderPage> =>
      page(bucket, folder, cursor, true),
    /** Every file below a folder, as deep as it is. */
    async allBelow(bucket: string, folder: string): Promise<readonly string[]> {
      const paths: string[] = [];
      let cursor: string | null = null;
      do {
        const { files, next }: FolderPage = await page(bucket, folder, cursor, false);
        paths.push(...files.map(({ path }) => path));
        cursor = next;
      } while (cursor !== null);
      return paths;
    },
  };
}

const objectsBy = ({ send, read }: Asking, ask: Ask) => ({
  /** An empty file with the one name that stands for nothing. */
  async makeFolder(bucket: string, folder: string): Promise<void> {
    await ask(`/object/${place(bucket, `${folder}${PLACEHOLDER}`)}`, {
      method: 'POST',
      headers: { 'content-type': 'application/octet-stream' },
      body: new Uint8Array(),
    });
  },
  async move(bucket: string, from: string, to: string): Promise<void> {
    await send('POST', '/object/move', { bucketId: bucket, sourceKey: from, destinationKey: to });
  },
  async copy(bucket: string, from: string, to: string): Promise<void> {
    await send('POST', '/object/copy', { bucketId: bucket, sourceKey: from, destinationKey: to });
  },
  /** @param place of an upload in parts, below the project's address; one that is over already is as good */
  async giveUp(place: string): Promise<void> {
    await ask(place.replace('/storage/v1', ''), { method: 'DELETE', headers: { 'tus-resumable': '1.0.0' } });
  },
  async remove(bucket: string, paths: readonly string[]): Promise<void> {
    for (let at = 0; at < paths.length; at += MOST_REMOVED) {
      const prefixes = paths.slice(at, at + MOST_REMOVED);
      await send('DELETE', `/object/${encodeURIComponent(bucket)}`, { prefixes });
    }
  },
  /** @returns its path below the storage's address, encoded: whoever has it may download until it is over */
  async link(bucket: string, path: string, seconds: number): Promise<string> {
    const asked = `/object/sign/${place(bucket, path)}`;
    const { signedURL } = await read<{ readonly signedURL: string }>('POST', asked, { expiresIn: seconds });
    return `${asked}?${tokenOf(signedURL)}`;
  },
  async bytes(bucket: string, path: string): Promise<Blob> {
    return (await send('GET', `/object/authenticated/${place(bucket, path)}`)).blob();
  },
  /** A picture as large as it is shown in a list. */
  async thumbnail(bucket: string, path: string, pixels: number): Promise<Blob> {
    const query = `width=${pixels}&height=${pixels}&resize=cover`;
    return (await send('GET', `/render/image/authenticated/${place(bucket, path)}?${query}`)).blob();
  },
});

/** A path may hold `?`, and is told as it is: what is behind the last `?token=` is the token. */
const tokenOf = (url: string): string => url.slice(url.lastIndexOf('?token=') + 1);
