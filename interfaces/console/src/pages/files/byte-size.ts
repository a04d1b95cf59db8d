/** Sizes as people type them: units of 1,000, as the storage itself reads them. */

const UNITS: Readonly<Record<string, number>> = { '': 1, B: 1, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };

/** @returns bytes; undefined: it is no size */
export function readSize(text: string): number | undefined {
  const [, amount = '', unit = ''] =
    /^(\d{1,16}(?:[.,]\d{1,6})?)\s*([KMGT]?B)?$/.exec(text.trim().toUpperCase()) ?? [];
  const bytes = Math.round(Number(amount.replace(',', '.')) * (UNITS[unit] ?? NaN));
  return amount !== '' && Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** So that it is read as the same number again: 20,000,000 is `20 MB`. */
export function writeSize(bytes: number): string {
  for (const unit of ['TB', 'GB', 'MB', 'KB']) {
    const factor = UNITS[unit] ?? 1;
    if (bytes > 0 && bytes % (factor / 10) === 0 && bytes >= factor) return `${bytes / factor} ${unit}`;
  }
  return `${bytes} B`;
}
