import { pipeline, Transform, type Readable } from 'node:stream';
import { StorageError } from './storage-error.ts';

/** What an upload has to bring in each stretch of time, or it holds a place for nothing. */
export interface Pace {
  readonly everyMs: number;
  readonly leastBytes: number;
}

/** far below what any line brings */
const PACE: Pace = { everyMs: 30_000, leastBytes: 1_024 };

/**
 * The same bytes, each chunk of which is told before it goes on: what `take` throws is what they fail with.
 * @throws {StorageError} RequestTimeout, by the stream: whoever sends them is too slow. Who reads them may be.
 */
export function meteredBytes(source: Readable, take: (bytes: number) => void, pace: Pace = PACE): Readable {
  let inStretch = 0;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      inStretch += chunk.length;
      try {
        take(chunk.length);
      } catch (error) {
        return done(error as Error);
      }
      done(null, chunk);
    },
  });
  const look = setInterval(() => {
    const isReadersTurn = meter.readableLength > 0 || source.readableEnded;
    if (!isReadersTurn && inStretch < pace.leastBytes) meter.destroy(new StorageError('RequestTimeout'));
    inStretch = 0;
  }, pace.everyMs);
  // whoever reads it hears of an error
  return pipeline(source, meter, () => clearInterval(look));
}
