/**
 * Bytes at any server that speaks S3: `<prefix><project>/<version>`. They are collected in a local file first. So a slow client
 * holds no memory, what is sent has its length and its checksum, which every server verifies and no dialect refuses, and a
 * try that failed is repeated.
 */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  UploadPartCommand,
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
import { isProjectId, type ProjectId } from '../../domain/project/project-id.ts';
import { digestOf } from './digest-of.ts';
import { PartDigests } from './part-digests.ts';
import { S3Calls, type ReadableFile, type S3Patience } from './s3-calls.ts';
import { s3Client, type S3Settings } from './s3-client.ts';
import { onDisk } from './disk-fault.ts';
import { READ, readFrom, type TemporaryFiles } from './temporary-files.ts';

export interface S3Sizes {
  /** more than this is sent in parts of this size, each with a checksum; servers take 5 GiB at most, and 10,000 parts */
  readonly partBytes: number;
  readonly listed: number;
}

const SIZES: S3Sizes = { partBytes: 64 * 1024 * 1024, listed: 1_000 };
const AT_ONCE = 16;
const PARTS_AT_ONCE = 3;

export class S3ObjectStore implements ObjectStore {
  readonly #client: S3Client;
  readonly #calls: S3Calls;
  readonly #temporary: TemporaryFiles;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #sizes: S3Sizes;

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
    this.#sizes = sizes;
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
      return await this.#send(object, file, (seen) => file.fill(source, signal, seen), signal);
    } finally {
      await file.discard().catch(() => {});
    }
  }

  async putFile(project: ProjectId, version: ObjectVersion, { path }: WholeFile): Promise<StoredBytes> {
    const object = this.#object(project, version);
    const handle = await onDisk('read the bytes of a file', () => open(path, READ));
    try {
      const read = (first: number, last: number) => readFrom(handle, first, last);
      return await this.#send(object, { read }, (seen) => digestOf(read(0, Infinity), undefined, seen));
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

  /** @param look at every chunk of the file, before any of it is sent */
  async #send(
    object: S3Object,
    file: ReadableFile,
    look: (seen: (chunk: Buffer) => void) => Promise<StoredBytes>,
    signal?: AbortSignal,
  ): Promise<StoredBytes> {
    const parts = new PartDigests(this.#sizes.partBytes);
    const stored = await look((chunk) => parts.update(chunk));
    const digests = parts.digests();
    if (digests.length <= 1) await this.#putWhole(object, file, stored.size, digests[0], signal);
    else await this.#putInParts(object, file, stored.size, digests, signal);
    return stored;
  }

  async #putWhole(
    object: S3Object,
    file: ReadableFile,
    size: number,
    digest: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    await this.#calls.send(
      'store the bytes of a file',
      file,
      { first: 0, last: size - 1 },
      signal,
      (body, abortSignal) =>
        this.#client.send(
          new PutObjectCommand({
            ...object,
            Body: body,
            ContentLength: size,
            ...(digest && { ContentMD5: digest }),
          }),
          { abortSignal },
        ),
    );
  }

  async #putInParts(
    object: S3Object,
    file: ReadableFile,
    size: number,
    digests: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { UploadId } = await this.#calls.ask(
      'begin to store the bytes of a file',
      (abortSignal) => this.#client.send(new CreateMultipartUploadCommand(object), { abortSignal }),
      signal,
    );
    const upload = { ...object, UploadId };
    const { partBytes } = this.#sizes;
    const etags: (string | undefined)[] = [];
    try {
      await inParallel([...digests.entries()], PARTS_AT_ONCE, async ([index, ContentMD5]) => {
        const range = { first: index * partBytes, last: Math.min(size, (index + 1) * partBytes) - 1 };
        const part = {
          ...upload,
          PartNumber: index + 1,
          ContentLength: range.last - range.first + 1,
          ContentMD5,
        };
        const { ETag } = await this.#calls.send(
          'store a part of a file',
          file,
          range,
          signal,
          (Body, abortSignal) => this.#client.send(new UploadPartCommand({ ...part, Body }), { abortSignal }),
        );
        etags[index] = ETag;
      });
      const Parts = etags.map((ETag, index) => ({ ETag, PartNumber: index + 1 }));
      const whole = new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } });
      await this.#calls.ask(
        'store the bytes of a file',
        (abortSignal) => this.#client.send(whole, { abortSignal }),
        signal,
      );
    } catch (error) {
      // who is not reached now keeps the parts: the bucket should have a rule that ends uploads which are a week old
      const abandoned = new AbortMultipartUploadCommand(upload);
      await this.#calls
        .ask('give up an upload', (abortSignal) => this.#client.send(abandoned, { abortSignal }))
        .catch(() => {});
      throw error;
    }
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
        MaxKeys: this.#sizes.listed,
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
    if (!isProjectId(project)) throw new TypeError('not a project id');
    return `${this.#prefix}${project}/`;
  }
}

interface S3Object {
  readonly Bucket: string;
  readonly Key: string;
}
