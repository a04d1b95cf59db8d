/** Sizes as people write them. */

const UNITS: Readonly<Record<string, number>> = { '': 1, B: 1, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };
const TEXT = /^(\d{1,16}(?:\.\d{1,6})?) ?([KMGT]?B)?$/;

/** Bytes of a number, or of a text such as `20MB` (20 times 1,000,000); undefined: it is no size. */
export function byteSize(given: number | string): number | undefined {
  const bytes = typeof given === 'number' ? given : bytesOf(given);
  return Number.isSafeInteger(bytes) && bytes >= 0 ? bytes : undefined;
}

function bytesOf(text: string): number {
  const [, amount = '', unit = ''] = TEXT.exec(text.trim().toUpperCase()) ?? [];
  const factor = UNITS[unit];
  return amount === '' || factor === undefined ? NaN : Math.round(Number(amount) * factor);
}
