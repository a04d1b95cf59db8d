/** E.164, as it is stored: digits alone. @returns undefined: it is none */
export function normalisePhone(text: string): string | undefined {
  const digits = text.replaceAll(/[\s()-]/g, '').replace(/^\+/, '');
  return /^[1-9]\d{5,14}$/.test(digits) ? digits : undefined;
}
