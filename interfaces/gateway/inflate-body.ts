/** Request bodies in gzip, which PostgREST does not know. */
import type { IncomingMessage } from 'node:http';
import { createGunzip, type Gunzip } from 'node:zlib';
import type { HeaderList } from './headers.ts';
import { PROBLEMS, type GatewayProblem } from './problem.ts';

export type BodyCoding = 'none' | 'gzip' | 'other';

export function codingOf({ headers }: IncomingMessage): BodyCoding {
  const coding = headers['content-encoding']?.trim().toLowerCase() ?? '';
  if (coding === 'identity' || coding === '') return 'none';
  return coding === 'gzip' || coding === 'x-gzip' ? 'gzip' : 'other';
}

const OF_THE_PACKED = new Set(['content-encoding', 'content-length', 'transfer-encoding']);

/** The headers of a body that was in gzip: how long it is now shows only while it is read. */
export function unpacked(list: HeaderList): HeaderList {
  return list.filter((_, at) => !OF_THE_PACKED.has((list[at - (at % 2)] ?? '').toLowerCase()));
}

/** @param limitBytes of what comes out: little can hold much */
export function inflated(
  request: IncomingMessage,
  limitBytes: number,
  settle: (problem: GatewayProblem) => void,
): Gunzip {
  const gunzip = createGunzip();
  let bytes = 0;
  gunzip.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > limitBytes) settle(PROBLEMS.bodyTooLarge(limitBytes));
  });
  gunzip.once('error', () => settle(PROBLEMS.badEncoding));
  return request.pipe(gunzip);
}
