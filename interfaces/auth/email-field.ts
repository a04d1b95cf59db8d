import { normaliseEmail } from '../../domain/email-address.ts';
import { AuthError } from '../../application/auth/auth-error.ts';

/** In its one form. @throws {AuthError} 400 validation_failed */
export function emailAddress(text: string): string {
  const address = normaliseEmail(text);
  if (address === undefined)
    throw new AuthError(400, 'validation_failed', 'Unable to validate email address: invalid format');
  return address;
}
