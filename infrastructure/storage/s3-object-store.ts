/**
 * Bytes at any server that speaks S3: `<prefix><project>/<version>`. They are collected in a local file first. So a slow client
 * holds no memory, what is sent has its length and its checksum, which every server verifies and no dialect refuses, and a
 * try that failed is repeated.
 */
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  type ListObjectsV2CommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { inParallel } from '../../application/background/in-parallel.ts';
import {
  BytesMissing,
  isObjectVersion,
  type ByteRange,
  type ObjectStore,
  type ObjectVersion,
  type StoredBytes,
  type StoredVersion,
  type Taken,
  type WholeFile,
} from '../../application/ports/object-store.ts';
import { isProjectId, projectId, type ProjectId } from '../../domain/project/project-id.ts';
import { digestOf } from './digest-of.ts';
import { S3Calls, type S3Patience } from './s3-calls.ts';
import { s3Client, type S3Settings } from './s3-client.ts';
import { S3Sender, type S3Object } from './s3-sender.ts';
import { onDisk } from './disk-fault.ts';
import { READ, readFrom, type TemporaryFiles } from './temporary-files.ts';

export interface S3Sizes {
  /** more than this is sent in parts of this size, each with a checksum; servers take 5 GiB at most, and 10,000 parts */
  readonly partBytes: number;
  readonly listed: number;
}

const SIZES: S3Sizes = { partBytes: 64 * 1024 * 1024, listed: 1_000 };
const AT_ONCE = 16;

export class S3ObjectStore implements ObjectStore {
  readonly #client: S3Client;
  readonly #calls: S3Calls;
  readonly #temporary: TemporaryFiles;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #sender: S3Sender;
  readonly #listed: number;

  constructor(
    settings: S3Settings,
    temporary: TemporaryFiles,
    patience: Partial<S3Patience> = {},
    sizes: S3Sizes = SIZES,
  ) {
    this.#client = s3Client(settings);
    this.#calls = new S3Calls(patience);
    this.#temporary = temporary;
    this.#bucket = settings.bucket;
    this.#prefix = settings.prefix;
    this.#sender = new S3Sender(this.#client, this.#calls, sizes.partBytes);
    this.#listed = sizes.listed;
  }

  async put(
    project: ProjectId,
    version: ObjectVersion,
    source: Readable,
    signal?: AbortSignal,
  ): Promise<StoredBytes> {
    const object = this.#object(project, version);
    // an error that comes before anybody reads it is found when it is read
    source.on('error', () => {});
    const file = await this.#temporary.create().catch((error: unknown) => {
      source.destroy();
      throw error;
    });
    try {
      return await this.#sender.send(object, file, (seen) => file.fill(source, signal, seen), signal);
    } finally {
      await file.discard().catch(() => {});
    }
  }

  async putFile(project: ProjectId, version: ObjectVersion, { path }: WholeFile): Promise<StoredBytes> {
    const object = this.#object(project, version);
    const handle = await onDisk('read the bytes of a file', () => open(path, READ));
    try {
      const read = (first: number, last: number) => readFrom(handle, first, last);
      return await this.#sender.send(object, { read }, (seen) =>
        digestOf(read(0, Infinity), undefined, seen),
      );
    } finally {
      await handle.close();
    }
  }

  async open(
    project: ProjectId,
    version: ObjectVersion,
    range?: ByteRange,
    signal?: AbortSignal,
  ): Promise<{ readonly size: number; readonly bytes: Readable }> {
    const object = this.#object(project, version);
    const wanted = range && { Range: `bytes=${range.first}-${range.last}` };
    const answer = await this.#calls.ask(
      'read the bytes of a file',
      (abortSignal) => this.#client.send(new GetObjectCommand({ ...object, ...wanted }), { abortSignal }),
      signal,
    );
    const total = /\/(\d+)$/.exec(answer.ContentRange ?? '')?.[1];
    if (!(answer.Body instanceof Readable)) throw new BytesMissing();
    return {
      size: Number(total ?? answer.ContentLength ?? 0),
      bytes: this.#calls.watched(answer.Body),
    };
  }

  async digest(
    project: ProjectId,
    version: ObjectVersion,
    read?: (bytes: number) => Promise<void>,
  ): Promise<StoredBytes> {
    return digestOf((await this.open(project, version)).bytes, read);
  }

  async remove(project: ProjectId, versions: readonly ObjectVersion[]): Promise<Taken> {
    const objects = versions.map((version) => this.#object(project, version));
    const freed = { files: 0, bytes: 0 };
    // nothing tells afterwards how large they were
    await inParallel(objects, AT_ONCE, async (object) => {
      const size = await this.#sizeOf(object);
      if (size === undefined) return;
      await this.#delete([object.Key]);
      freed.files++;
      freed.bytes += size;
    });
    return freed;
  }

  async removeAll(project: ProjectId, signal?: AbortSignal): Promise<void> {
    for await (const { Contents = [] } of this.#pages({ Prefix: this.#folder(project) }, signal))
      await this.#delete(
        Contents.flatMap(({ Key }) => Key ?? []),
        signal,
      );
  }

  async *list(project: ProjectId, signal?: AbortSignal): AsyncGenerator<StoredVersion> {
    const folder = this.#folder(project);
    for await (const { Contents = [] } of this.#pages({ Prefix: folder }, signal))
      for (const { Key = '', Size = 0, LastModified } of Contents) {
        const version = Key.slice(folder.length);
        if (isObjectVersion(version) && LastModified) yield { version, size: Size, storedAt: LastModified };
      }
  }

  async *projects(signal?: AbortSignal): AsyncGenerator<ProjectId> {
    for await (const { CommonPrefixes = [] } of this.#pages({ Prefix: this.#prefix, Delimiter: '/' }, signal))
      for (const { Prefix = '' } of CommonPrefixes) {
        const name = Prefix.slice(this.#prefix.length, -1);
        if (isProjectId(name)) yield name;
      }
  }

  close(): void {
    this.#client.destroy();
  }

  /** undefined: it is not there */
  async #sizeOf(object: S3Object): Promise<number | undefined> {
    try {
      const { ContentLength } = await this.#calls.ask('look at a file', (abortSignal) =>
        this.#client.send(new HeadObjectCommand(object), { abortSignal }),
      );
      return ContentLength ?? 0;
    } catch (error) {
      if (error instanceof BytesMissing) return undefined;
      throw error;
    }
  }

  /** One by one, several at a time: of many at once every dialect wants another checksum. */
  async #delete(keys: readonly string[], signal?: AbortSignal): Promise<void> {
    await inParallel(keys, AT_ONCE, async (Key) => {
      const command = new DeleteObjectCommand({ Bucket: this.#bucket, Key });
      await this.#calls
        .ask(
          'remove the bytes of files',
          (abortSignal) => this.#client.send(command, { abortSignal }),
          signal,
        )
        .catch((error: unknown) => {
          if (!(error instanceof BytesMissing)) throw error;
        });
    });
  }

  async *#pages(
    wanted: { readonly Prefix: string; readonly Delimiter?: string },
    signal?: AbortSignal,
  ): AsyncGenerator<ListObjectsV2CommandOutput> {
    let from: { StartAfter?: string; ContinuationToken?: string } = {};
    for (;;) {
      const page = new ListObjectsV2Command({
        Bucket: this.#bucket,
        MaxKeys: this.#listed,
        ...wanted,
        ...from,
      });
      const answer = await this.#calls.ask(
        'list files',
        (abortSignal) => this.#client.send(page, { abortSignal }),
        signal,
      );
      yield answer;
      if (!answer.IsTruncated || answer.NextContinuationToken === undefined) return;
      from = { ContinuationToken: answer.NextContinuationToken };
    }
  }

  #object(project: ProjectId, version: ObjectVersion): S3Object {
    if (!isObjectVersion(version)) throw new TypeError('not a version of an object');
    return { Bucket: this.#bucket, Key: this.#folder(project) + version };
  }

  /** By types it is one; a key is made of it. */
  #folder(project: ProjectId): string {
    return `${this.#prefix}${projectId(project)}/`;
  }
}
