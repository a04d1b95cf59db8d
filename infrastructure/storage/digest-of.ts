import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { StoredBytes } from '../../application/ports/object-store.ts';

/** @param read is told of every chunk, and waited for @param seen is told of it, too */
export async function digestOf(
  bytes: Readable,
  read: (bytes: number) => Promise<void> = () => Promise.resolve(),
  seen: (chunk: Buffer) => void = () => {},
): Promise<StoredBytes> {
  const md5 = createHash('md5');
  let size = 0;
  // whatever ends the loop destroys the stream
  for await (const chunk of bytes as AsyncIterable<Buffer>) {
    md5.update(chunk);
    size += chunk.length;
    seen(chunk);
    await read(chunk.length);
  }
  return { size, md5: md5.digest('hex') };
}
