/** Which passwords a project takes for its users. */
import type { AuthSettings } from './auth-settings.ts';

/** in the words of the client's error */
export type PasswordFault = 'length' | 'characters';

/** bytes of UTF-8; what bcrypt takes, so that hashes can move to and fro */
const MOST_PASSWORD_BYTES = 72;

/** No text of so many UTF-16 units has a short normal form; and normalising one that somebody made to take long takes seconds. */
const MOST_UNITS = 1_024;

const KINDS: Readonly<Record<AuthSettings['password']['requires'][number], RegExp>> = {
  lower: /\p{Ll}/u,
  upper: /\p{Lu}/u,
  digit: /\p{Nd}/u,
  symbol: /[^\p{L}\p{M}\p{N}\p{Z}\p{C}]/u,
};

/** One text for the several ways in which keyboards write the same characters. */
export const normalPassword = (password: string): string =>
  password.length > MOST_UNITS ? password : password.normalize('NFC');

export const isTooLong = (password: string): boolean =>
  password.length > MOST_UNITS ||
  new TextEncoder().encode(normalPassword(password)).length > MOST_PASSWORD_BYTES;

/** Why the password is too weak; empty: it is not. Counted are characters as people see them: code points, not bytes. */
export function passwordFaults(
  password: string,
  { minLength, requires }: Pick<AuthSettings['password'], 'minLength' | 'requires'>,
): readonly PasswordFault[] {
  const text = normalPassword(password);
  const faults: PasswordFault[] = [];
  if (Array.from(text).length < minLength) faults.push('length');
  if (requires.some((kind) => !KINDS[kind].test(text))) faults.push('characters');
  return faults;
}
