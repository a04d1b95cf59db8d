/** A file on its way to a server that speaks S3: in one piece, or in parts, each with its length and its checksum. */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { inParallel } from '../../application/background/in-parallel.ts';
import type { StoredBytes } from '../../application/ports/object-store.ts';
import { PartDigests } from './part-digests.ts';
import type { ReadableFile, S3Calls } from './s3-calls.ts';

export interface S3Object {
  readonly Bucket: string;
  readonly Key: string;
}

const PARTS_AT_ONCE = 3;

export class S3Sender {
  readonly #client: S3Client;
  readonly #calls: S3Calls;
  readonly #partBytes: number;

  constructor(client: S3Client, calls: S3Calls, partBytes: number) {
    this.#client = client;
    this.#calls = calls;
    this.#partBytes = partBytes;
  }

  /** @param look at every chunk of the file, before any of it is sent */
  async send(
    object: S3Object,
    file: ReadableFile,
    look: (seen: (chunk: Buffer) => void) => Promise<StoredBytes>,
    signal?: AbortSignal,
  ): Promise<StoredBytes> {
    const parts = new PartDigests(this.#partBytes);
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
    const partBytes = this.#partBytes;
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
      await this.#calls.join(
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
}
