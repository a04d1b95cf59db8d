/** Durations as Go writes them, such as `24h` or `1h30m`: what clients of the admin API send. */

const UNIT_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  // both of Unicode's signs for micro
  '\u00b5s': 1e-3,
  '\u03bcs': 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};
const PART = /(\d+\.?\d*|\.\d+)(ns|us|\u00b5s|\u03bcs|ms|s|m|h)/y;
const LONGEST_TEXT = 100;
/** Go counts nanoseconds in 63 bits: 292 years */
const LONGEST_MS = 2 ** 63 / 1e6;

/** @returns milliseconds; undefined: it is no duration, or longer than Go knows */
export function goDurationMs(text: string): number | undefined {
  if (text.length > LONGEST_TEXT) return undefined;
  const signed = /^[+-]/.test(text);
  const unsigned = signed ? text.slice(1) : text;
  if (unsigned === '0') return 0;
  const ms = sumOf(unsigned);
  if (ms === undefined || ms >= LONGEST_MS) return undefined;
  return text.startsWith('-') ? -ms : ms;
}

function sumOf(text: string): number | undefined {
  let sum = 0;
  let at = 0;
  while (at < text.length) {
    PART.lastIndex = at;
    const [whole = '', amount = '', unit = ''] = PART.exec(text) ?? [];
    if (whole === '') return undefined;
    sum += Number(amount) * (UNIT_MS[unit] ?? Number.NaN);
    at += whole.length;
  }
  return text === '' ? undefined : sum;
}
