import { normaliseEmail } from '../../domain/email-address.ts';
import { invalid } from './auth-error.ts';

/** In its one form. @throws {AuthError} 400 validation_failed */
export function requireEmail(text: string): string {
  const email = normaliseEmail(text);
  if (email === undefined) throw invalid('Unable to validate email address: invalid format');
  return email;
}
