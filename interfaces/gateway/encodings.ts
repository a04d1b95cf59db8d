/**
 * Bodies in gzip, both ways. Only projects' answers are packed: those of the platform hold secrets beside what a
 * caller sent (BREACH), and are small. A key in a header, which no other site can have a browser send, opens these.
 */
import { constants, createGzip, type Gzip } from 'node:zlib';
import { valueOf, type HeaderList } from './headers.ts';

/** below this the answer hardly gets smaller than a packet */
export const WORTH_PACKING_BYTES = 1024;
/** each holds 256 KiB while it is at work; who comes on top gets their answer as it is */
const AT_ONCE = 64;

const PACKABLE = /^(?:text\/(?!event-stream)|application\/(?:[\w.+-]+\+)?(?:json|xml|csv|yaml))/i;

/** what browsers and Node's fetch say */
const USUAL = /^gzip(?:, (?:deflate|br|zstd))*$/;

/** Whether the client takes gzip: RFC 9110 12.5.3, with `*` and weights. */
export function takesGzip(acceptEncoding: string | undefined): boolean {
  if (acceptEncoding === undefined) return false;
  if (USUAL.test(acceptEncoding)) return true;
  let any = false;
  for (const item of acceptEncoding.toLowerCase().split(',', 32)) {
    const [coding = '', ...parameters] = item.split(';').map((part) => part.trim());
    const weight = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? '1';
    const accepted = Number(weight) > 0;
    if (coding === 'gzip' || coding === 'x-gzip') return accepted;
    if (coding === '*') any = accepted;
  }
  return any;
}

/** Whether there is a choice about this answer at all, whoever asks: then it says so in `Vary`. */
export function isPackable(status: number, headers: HeaderList): boolean {
  return (
    status >= 200 &&
    status !== 204 &&
    status !== 304 &&
    PACKABLE.test(valueOf(headers, 'content-type') ?? '') &&
    valueOf(headers, 'content-encoding') === undefined &&
    !forbidsChange(headers)
  );
}

/** In any of its Cache-Control headers: there may be several. */
const forbidsChange = (headers: HeaderList): boolean =>
  valueOf(headers, 'cache-control') !== undefined &&
  headers.some(
    (value, at) =>
      at % 2 === 1 && value.includes('no-transform') && headers[at - 1]?.toLowerCase() === 'cache-control',
  );

/** In the headers of an answer that may be packed, for caches. */
export const BY_ENCODING = ['Vary', 'Accept-Encoding'] as const;

/** The headers of an answer that is. */
export function packedHeaders(list: HeaderList): string[] {
  const told: string[] = [];
  for (let at = 0; at + 1 < list.length; at += 2) {
    const [name = '', value = ''] = [list[at], list[at + 1]];
    const lower = name.toLowerCase();
    if (lower === 'content-length' || lower === 'content-md5' || lower === 'accept-ranges') continue;
    // the same content in other bytes
    told.push(name, lower === 'etag' && !value.startsWith('W/') ? `W/${value}` : value);
  }
  told.push('Content-Encoding', 'gzip');
  return told;
}

let packing = 0;

/** undefined: enough of them are at work. Speed goes before size: the link saves most with the first level already. */
export function packer(): Gzip | undefined {
  if (packing >= AT_ONCE) return undefined;
  packing++;
  return createGzip({ level: constants.Z_BEST_SPEED }).once('close', () => packing--);
}
