/** RFC 4648, without padding: the form in which people's authenticators take secrets. */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const BITS = 5;

export function toBase32(bytes: Uint8Array): string {
  let [text, held, bits] = ['', 0, 0];
  for (const byte of bytes) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= BITS; bits -= BITS) text += ALPHABET[(held >> (bits - BITS)) & 31] ?? '';
    held &= 0xff;
  }
  return bits === 0 ? text : text + (ALPHABET[(held << (BITS - bits)) & 31] ?? '');
}

/** In whatever case, with padding and gaps. @returns undefined: there is another letter in it, or nothing */
export function fromBase32(text: string): Uint8Array<ArrayBuffer> | undefined {
  const letters = text.replaceAll(/[\s-]|=+$/g, '').toUpperCase();
  const bytes: number[] = [];
  let [held, bits] = [0, 0];
  for (const letter of letters) {
    const value = ALPHABET.indexOf(letter);
    if (value < 0) return undefined;
    held = ((held << BITS) | value) & 0xfff;
    bits += BITS;
    if (bits >= 8) bytes.push((held >> (bits -= 8)) & 0xff);
  }
  return bytes.length === 0 ? undefined : Uint8Array.from(bytes);
}
