/** The body of a request as the object that it holds, with everything that the request promises of it held to it. */
import { createHash, type Hash } from 'node:crypto';
import { pipeline, Transform, type Readable, type TransformCallback } from 'node:stream';
import { callbackify } from 'node:util';
import { AwsChunks, type ChunkSigning } from './aws-chunks.ts';
import { checksum, isChecksum, isChecksumText, type Digest } from './checksums.ts';
import { S3Error } from './s3-error.ts';
import type { S3Request } from './s3-request.ts';
import { isSame, scopeText, UNSIGNED, type Shown } from './signature.ts';

const HASH = /^[0-9a-f]{64}$/;
/** how a body in chunks is protected: by signatures of them, by trailers behind them */
const STREAMING: Readonly<Record<string, { readonly signed: boolean; readonly trailers: boolean }>> = {
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD': { signed: true, trailers: false },
  'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER': { signed: true, trailers: true },
  'STREAMING-UNSIGNED-PAYLOAD-TRAILER': { signed: false, trailers: true },
};

export interface Promised {
  /** of the object; undefined: nobody has said */
  readonly size: number | undefined;
  readonly streaming: { readonly signed: boolean; readonly trailers: readonly string[] } | undefined;
  /** of all the bytes, in hexadecimal digits */
  readonly sha256: string | undefined;
  /** by the names of their headers; undefined: it comes behind the body */
  readonly checksums: ReadonlyMap<string, string | undefined>;
}

/** @throws {S3Error} what is promised cannot be held */
export function promisedOf({ headers }: S3Request, { payload }: Pick<Shown, 'payload'>): Promised {
  const mode = Object.hasOwn(STREAMING, payload) ? STREAMING[payload] : undefined;
  if (!mode && payload !== UNSIGNED && !HASH.test(payload))
    throw payload.startsWith('STREAMING-')
      ? new S3Error('NotImplemented', `${payload.slice(0, 100)} is not implemented`)
      : new S3Error(
          'InvalidArgument',
          'x-amz-content-sha256 is neither a hash nor one of the words for none',
        );
  const trailers = mode?.trailers ? namesOf(headers.get('x-amz-trailer')) : [];
  const checksums = new Map<string, string | undefined>();
  for (const [name, value] of headers) {
    if (!isChecksum(name)) continue;
    if (!isChecksumText(name, value)) throw new S3Error('InvalidDigest', `${name} is none`);
    checksums.set(name, value);
  }
  for (const name of trailers) {
    if (!isChecksum(name) || checksums.has(name))
      throw new S3Error('InvalidRequest', 'x-amz-trailer names what is no checksum, or is there already');
    checksums.set(name, undefined);
  }
  return {
    size: sizeOf(headers.get(mode ? 'x-amz-decoded-content-length' : 'content-length')),
    streaming: mode && { signed: mode.signed, trailers },
    sha256: HASH.test(payload) ? payload : undefined,
    checksums,
  };
}

const namesOf = (header = ''): readonly string[] =>
  header
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter(Boolean);

function sizeOf(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  if (!/^\d{1,15}$/.test(header)) throw new S3Error('InvalidArgument', 'The length of the body is none');
  return Number(header);
}

/**
 * @param source whatever it fails with is what reading fails with
 * @param key what signed the request
 * @returns a stream that fails with an {@link S3Error} when it is not what was promised: nothing of it may be kept then
 */
export function objectIn(source: Readable, promised: Promised, shown: Shown, key: Buffer): Readable {
  const { streaming } = promised;
  const signing: ChunkSigning | undefined = streaming?.signed
    ? { key, signature: shown.signature, time: shown.time, scope: scopeText(shown.scope) }
    : undefined;
  const chunks = streaming && new AwsChunks({ signing, trailers: streaming.trailers });
  const held = new Held(promised, (name) => chunks?.trailers.get(name));
  const reading = chunks ? pipeline(source, chunks, held, () => {}) : pipeline(source, held, () => {});
  // whoever reads it hears of it; nobody has to
  reading.on('error', () => {});
  return reading;
}

class Held extends Transform {
  readonly #promised: Promised;
  readonly #trailerOf: (name: string) => string | undefined;
  readonly #digests: ReadonlyMap<string, Digest>;
  readonly #hash: Hash | undefined;
  #size = 0;

  constructor(promised: Promised, trailerOf: (name: string) => string | undefined) {
    super();
    this.#promised = promised;
    this.#trailerOf = trailerOf;
    this.#digests = new Map([...promised.checksums.keys()].map((name) => [name, checksum(name)]));
    this.#hash = promised.sha256 === undefined ? undefined : createHash('sha256');
  }

  override _transform(bytes: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#size += bytes.length;
    if (this.#size > (this.#promised.size ?? Infinity)) return done(new S3Error('IncompleteBody'));
    this.#hash?.update(bytes);
    for (const digest of this.#digests.values()) digest.update(bytes);
    done(null, bytes);
  }

  override _flush(done: TransformCallback): void {
    callbackify(() => this.#judge())(done);
  }

  async #judge(): Promise<void> {
    const { size, sha256, checksums } = this.#promised;
    if (size !== undefined && this.#size !== size) throw new S3Error('IncompleteBody');
    if (sha256 !== undefined && !isSame(this.#hash?.digest('hex') ?? '', sha256))
      throw new S3Error('XAmzContentSHA256Mismatch');
    for (const [name, digest] of this.#digests) {
      const wanted = checksums.get(name) ?? this.#trailerOf(name) ?? '';
      const found = Buffer.from(await digest.digest()).toString('base64');
      if (found !== wanted) throw new S3Error('BadDigest', `${name} does not match what was received`);
    }
  }
}
