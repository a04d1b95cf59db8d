import type { AuthCaller, AuthDependencies } from '../../application/auth/auth-dependencies.ts';
import type { AuthProject } from '../../application/auth/auth-project.ts';
import { requireHuman } from '../../application/auth/require-human.ts';
import { bearerIn } from './authenticate-user.ts';

interface Asked {
  readonly project: AuthProject;
  readonly caller: AuthCaller;
  readonly headers: { readonly authorization?: string | undefined };
  readonly body: {
    readonly gotrue_meta_security?: { readonly captcha_token?: string | null | undefined } | null | undefined;
  };
}

/** For a request whose body has the fields `captcha`, before anything else is done with it. @throws {AuthError} captcha_failed */
export const humanAsks = (
  deps: Pick<AuthDependencies, 'captchas' | 'tokens'>,
  { project, caller, headers, body }: Asked,
): Promise<void> => {
  const captchaToken = body.gotrue_meta_security?.captcha_token ?? '';
  return requireHuman(deps, project, { captchaToken, bearer: bearerIn(headers.authorization) }, caller);
};
