/** Codes for whoever has lost their other second factor: a set of ten, each good once. */
import { NO_TRIES, triesFromJson, triesToJson, type Tries } from './bounded-tries.ts';
import type { Factor, JsonObject } from './user.ts';

export const RECOVERY_CODES = 10;
/** 80 bits: nobody guesses one, nor finds one by its hash */
export const RECOVERY_CODE_BYTES = 10;

const GROUP = /.{4}(?=.)/g;

export interface RecoveryCodes {
  /** of those that are left */
  readonly hashes: readonly string[];
  readonly tries: Tries;
}

/** As people are shown it: `abcd-efgh-ijkl-mnop`. */
export const shownRecoveryCode = (base32: string): string =>
  base32.toLowerCase().replaceAll(GROUP, (group) => `${group}-`);

/** As it is hashed, however it was typed; the letters that base32 lacks are the ones that they look like. */
export const typedRecoveryCode = (text: string): string =>
  text.replaceAll(/[\s-]/g, '').toUpperCase().replaceAll('0', 'O').replaceAll('1', 'I').replaceAll('8', 'B');

export function recoveryCodesOf({ credential }: Pick<Factor, 'credential'>): RecoveryCodes {
  const hashes = credential?.['hashes'];
  return {
    hashes: Array.isArray(hashes) ? hashes.filter((one): one is string => typeof one === 'string') : [],
    tries: credential === null ? NO_TRIES : triesFromJson(credential),
  };
}

export const recoveryCodesToJson = ({ hashes, tries }: RecoveryCodes): JsonObject => ({
  hashes,
  ...triesToJson(tries),
});
