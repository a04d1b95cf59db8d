/** Bytes that tell where they stand. */
export function patternAt(offset: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let index = 0; index < length; index++) bytes[index] = Math.imul(offset + index, 2_654_435_761) >>> 24;
  return bytes;
}
