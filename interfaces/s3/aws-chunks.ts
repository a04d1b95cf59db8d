/**
 * Bodies in chunks of AWS's own (`aws-chunked`), each with its size and, where they are signed, a signature that covers the one
 * before; behind the last one there may be headers, such as a checksum. What comes out is the object. Bytes go on before
 * their chunk is judged: whoever stores them keeps nothing of a body that fails.
 */
import { createHash, type Hash } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import { hmac, isSame, sha256 } from './signature.ts';
import { S3Error } from './s3-error.ts';

export interface ChunkSigning {
  readonly key: Buffer;
  /** of the request's headers */
  readonly signature: string;
  readonly time: string;
  readonly scope: string;
}

export interface ChunkOptions {
  /** undefined: chunks are not signed */
  readonly signing: ChunkSigning | undefined;
  /** names in lower case of what comes behind the last chunk */
  readonly trailers: readonly string[];
}

const LINE_BYTES = 256;
const TRAILER_BYTES = 8 * 1024;
const LEAST_SIGNED_BYTES = 8192;
const HEADER = /^([0-9a-fA-F]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/;
const LF = 0x0a;

type Reading = 'header' | 'data' | 'end' | 'trailer';

export class AwsChunks extends Transform {
  /** what came behind the last chunk, by names in lower case: whole when the stream has ended */
  readonly trailers = new Map<string, string>();
  readonly #signing: ChunkSigning | undefined;
  readonly #wanted: readonly string[];
  #reading: Reading = 'header';
  /** of a line, or of the trailer */
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** of a chunk's data */
  #left = 0;
  #hash: Hash | undefined;
  #signature = '';
  #before: string;
  #wasSmall = false;

  constructor({ signing, trailers }: ChunkOptions) {
    super();
    this.#signing = signing;
    this.#wanted = trailers;
    this.#before = signing?.signature ?? '';
  }

  override _transform(bytes: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    try {
      let rest = bytes;
      while (rest.length > 0) rest = this.#take(rest);
      done();
    } catch (error) {
      done(error as Error);
    }
  }

  override _flush(done: TransformCallback): void {
    try {
      if (this.#reading !== 'trailer') throw new S3Error('IncompleteBody', 'The last chunk is missing');
      this.#readTrailer(Buffer.concat(this.#held).toString('latin1'));
      done();
    } catch (error) {
      done(error as Error);
    }
  }

  /** @returns what is left of it */
  #take(bytes: Buffer): Buffer {
    if (this.#reading === 'data') return this.#takeData(bytes);
    if (this.#reading === 'trailer') {
      this.#hold(bytes, TRAILER_BYTES);
      return bytes.subarray(bytes.length);
    }
    const end = bytes.indexOf(LF);
    const line = end < 0 ? bytes : bytes.subarray(0, end);
    this.#hold(line, LINE_BYTES);
    if (end >= 0) this.#takeLine(this.#released());
    return bytes.subarray(end < 0 ? bytes.length : end + 1);
  }

  #hold(bytes: Buffer, most: number): void {
    this.#heldBytes += bytes.length;
    if (this.#heldBytes > most) throw new S3Error('IncompleteBody', 'What is around the chunks is too long');
    this.#held.push(bytes);
  }

  #released(): string {
    const text = Buffer.concat(this.#held).toString('latin1');
    this.#held = [];
    this.#heldBytes = 0;
    return text.endsWith('\r') ? text.slice(0, -1) : text;
  }

  #takeLine(line: string): void {
    if (this.#reading === 'end') {
      if (line !== '') throw new S3Error('IncompleteBody', 'A chunk is longer than it says');
      this.#reading = 'header';
      return;
    }
    const [, size, signature = ''] = HEADER.exec(line) ?? [];
    if (size === undefined) throw new S3Error('IncompleteBody', 'The header of a chunk is malformed');
    if (this.#signing && signature === '')
      throw new S3Error('SignatureDoesNotMatch', 'A chunk is not signed');
    this.#left = Number.parseInt(size, 16);
    this.#signature = signature;
    this.#hash = this.#signing && createHash('sha256');
    if (this.#left > 0) {
      // each costs as much to check, however few bytes it has
      if (this.#wasSmall) throw new S3Error('InvalidChunkSizeError');
      this.#wasSmall = this.#signing !== undefined && this.#left < LEAST_SIGNED_BYTES;
      this.#reading = 'data';
    } else {
      this.#judgeChunk();
      this.#reading = 'trailer';
    }
  }

  #takeData(bytes: Buffer): Buffer {
    const data = bytes.subarray(0, this.#left);
    this.#hash?.update(data);
    this.#left -= data.length;
    if (this.#left === 0) {
      this.#judgeChunk();
      this.#reading = 'end';
    }
    this.push(data);
    return bytes.subarray(data.length);
  }

  #judgeChunk(): void {
    if (!this.#signing || !this.#hash) return;
    this.#judge('PAYLOAD', this.#signature, [sha256(''), this.#hash.digest('hex')]);
  }

  #judge(kind: 'PAYLOAD' | 'TRAILER', signature: string, hashes: readonly string[]): void {
    const { key, time, scope } = this.#signing as ChunkSigning;
    const text = [`AWS4-HMAC-SHA256-${kind}`, time, scope, this.#before, ...hashes].join('\n');
    if (!isSame(hmac(key, text).toString('hex'), signature))
      throw new S3Error('SignatureDoesNotMatch', 'The signature of a chunk is not the one of its bytes');
    this.#before = signature;
  }

  #readTrailer(text: string): void {
    let signature: string | undefined;
    for (const line of text.split(/\r?\n/).filter(Boolean)) {
      const cut = line.indexOf(':');
      const name = line.slice(0, Math.max(cut, 0)).trim().toLowerCase();
      const value = line.slice(cut + 1).trim();
      if (name === 'x-amz-trailer-signature') signature = value;
      else if (this.#wanted.includes(name) && !this.trailers.has(name)) this.trailers.set(name, value);
      else throw new S3Error('MalformedTrailerError');
    }
    if (this.trailers.size !== this.#wanted.length) throw new S3Error('MalformedTrailerError');
    if (!this.#signing || this.#wanted.length === 0) return;
    const said = [...this.trailers].map(([name, value]) => `${name}:${value}\n`).join('');
    this.#judge('TRAILER', signature ?? '', [sha256(said)]);
  }
}
