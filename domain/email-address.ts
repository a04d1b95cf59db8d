const PATTERN =
  /^[^\s@"(),:;<>[\]\\\p{C}]{1,64}@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+[\p{L}][\p{L}\p{N}-]{1,62}$/u;
const MAX_LENGTH = 254;

/** The form under which an address is stored and compared; undefined for what is no e-mail address. */
export function normaliseEmail(text: string): string | undefined {
  const email = text.trim().toLowerCase().normalize('NFC');
  return email.length <= MAX_LENGTH && PATTERN.test(email) ? email : undefined;
}
