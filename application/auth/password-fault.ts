import type { AuthSettings } from '../../domain/auth/auth-settings.ts';
import { isTooLong, passwordFaults } from '../../domain/auth/password-rules.ts';
import { AuthError, invalid } from './auth-error.ts';

/** Why somebody may not have this password. @throws {AuthError} 400 validation_failed, 422 weak_password */
export function requireGoodPassword(password: string, rules: AuthSettings['password']): void {
  if (isTooLong(password)) throw invalid('Password cannot be longer than 72 characters');
  const reasons = passwordFaults(password, rules);
  if (reasons.length === 0) return;
  throw new AuthError(422, 'weak_password', weakness(reasons, rules), { weak_password: { reasons } });
}

function weakness(reasons: readonly string[], { minLength, requires }: AuthSettings['password']): string {
  const length = reasons.includes('length') ? [`be at least ${minLength} characters`] : [];
  const kinds = reasons.includes('characters')
    ? [`contain at least one character of each: ${requires.join(', ')}`]
    : [];
  return `Password should ${[...length, ...kinds].join(' and ')}.`;
}
