/** Checksums that clients send with a body, in their own algorithms, in base64. */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Crc32cJs, Crc64Nvme } from '@aws-sdk/checksums/crc';

export interface Digest {
  update(bytes: Uint8Array): void;
  digest(): Promise<Uint8Array>;
}

function hashed(algorithm: string): Digest {
  const hash = createHash(algorithm);
  return { update: (bytes) => void hash.update(bytes), digest: async () => hash.digest() };
}

function crc32Digest(): Digest {
  let value = 0;
  return {
    update: (bytes) => (value = crc32(bytes, value)),
    async digest() {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value);
      return bytes;
    },
  };
}

/** By the header, or the trailer, that such a checksum comes in; with how many bytes it has. */
const KINDS: Readonly<Record<string, readonly [bytes: number, make: () => Digest]>> = {
  'x-amz-checksum-crc32': [4, crc32Digest],
  'x-amz-checksum-crc32c': [4, () => new Crc32cJs()],
  'x-amz-checksum-crc64nvme': [8, () => new Crc64Nvme()],
  'x-amz-checksum-sha1': [20, () => hashed('sha1')],
  'x-amz-checksum-sha256': [32, () => hashed('sha256')],
  'content-md5': [16, () => hashed('md5')],
};

export const isChecksum = (name: string): boolean => Object.hasOwn(KINDS, name);

/** @param name one that {@link isChecksum} */
export function checksum(name: string): Digest {
  const kind = KINDS[name];
  if (!kind) throw new TypeError(`${name} is no checksum`);
  return kind[1]();
}

/** Whether it may be one, in base64. */
export function isChecksumText(name: string, text: string): boolean {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length === KINDS[name]?.[0] && bytes.toString('base64') === text;
}
