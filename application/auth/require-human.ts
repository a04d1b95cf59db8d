import { isAdminRole } from '../../domain/auth/admin-role.ts';
import { Unavailable } from '../errors.ts';
import type { CaptchaVerdict } from '../ports/captchas.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import { AuthError } from './auth-error.ts';
import type { AuthProject } from './auth-project.ts';

export interface ShownByAsker {
  /** what solving the puzzle gave them */
  readonly captchaToken: string;
  /** of their `Authorization` header */
  readonly bearer: string | undefined;
}

/** No provider's are longer. */
const LONGEST_TOKEN = 16 * 1024;

const disallowed = (why: string): AuthError =>
  new AuthError(400, 'captcha_failed', `captcha protection: request disallowed (${why})`);

/**
 * Where the project wants it, whoever asks has to have solved the puzzle; a program with the service key has not.
 * @throws {AuthError} captcha_failed: 400; 500 while nobody can say
 */
export async function requireHuman(
  { captchas, tokens }: Pick<AuthDependencies, 'captchas' | 'tokens'>,
  project: AuthProject,
  { captchaToken, bearer }: ShownByAsker,
  { ip, signal }: AuthCaller,
): Promise<void> {
  const { captcha } = project.settings;
  if (!captcha) return;
  const shown = bearer === undefined ? undefined : await tokens.read(project.keys, bearer);
  if (isAdminRole(shown?.role)) return;
  const token = captchaToken.trim();
  if (token === '') throw disallowed('no captcha_token found');
  if (token.length > LONGEST_TOKEN) throw disallowed('invalid-input-response');
  const secret = project.secrets.captchaSecret ?? '';
  const verdict = await told(captchas.verify(project.id, { ...captcha, secret, token, ip }, signal));
  if (!verdict.human) throw disallowed(verdict.why.join(', ') || 'refused');
}

/** To the client an outage, and not the user's fault. */
async function told(verdict: Promise<CaptchaVerdict>): Promise<CaptchaVerdict> {
  try {
    return await verdict;
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    throw new AuthError(500, 'captcha_failed', 'captcha verification process failed');
  }
}
