import { pipeline, Transform, type Readable } from 'node:stream';
import { StorageError } from './storage-error.ts';

/** The same bytes, which fail when there are more. @throws {StorageError} EntityTooLarge, by the stream */
export function atMost(mostBytes: number, source: Readable): Readable {
  if (mostBytes === Infinity) return source;
  let seen = 0;
  const bounded = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      if (seen > mostBytes) done(new StorageError('EntityTooLarge'));
      else done(null, chunk);
    },
  });
  // whoever reads it hears of it
  return pipeline(source, bounded, () => {});
}
