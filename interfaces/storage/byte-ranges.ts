/** Which part of an object is asked for (RFC 9110, 14). */
import type { ByteRange } from '../../application/ports/object-store.ts';

export type WantedPart = ByteRange | 'whole' | 'none';

const ONE = /^bytes=[ \t]*(?:(\d{1,15})-(\d{0,15})|-(\d{1,15}))[ \t]*$/i;

/**
 * One range. A header that is none, has another unit, or several ranges, is as if it were not there: many small parts of a
 * large object would cost more than the whole of it.
 * @returns `none`: nothing of the object is in it
 */
export function partOf(header: string | undefined, size: number): WantedPart {
  const [range, from = '', to = '', suffix = ''] = ONE.exec(header ?? '') ?? [];
  if (range === undefined) return 'whole';
  if (suffix !== '') {
    const length = Math.min(Number(suffix), size);
    return length === 0 ? 'none' : { first: size - length, last: size - 1 };
  }
  const first = Number(from);
  const last = to === '' ? size - 1 : Number(to);
  if (to !== '' && last < first) return 'whole';
  return first >= size ? 'none' : { first, last: Math.min(last, size - 1) };
}
