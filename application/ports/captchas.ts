/** The provider of a puzzle says whether a user's solution is good. */
import type { CaptchaProvider } from '../../domain/auth/auth-settings.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';

export interface CaptchaCheck {
  readonly provider: CaptchaProvider;
  /** null: where the provider is */
  readonly verifyUrl: string | null;
  readonly secret: string;
  readonly token: string;
  readonly ip: string | null;
}

/** `why`: codes of the provider's, such as `invalid-input-response` */
export type CaptchaVerdict =
  { readonly human: true } | { readonly human: false; readonly why: readonly string[] };

export interface Captchas {
  /** @throws {Unavailable} there is no answer, or none that says yes or no: never with the secret in it */
  verify(project: ProjectId, check: CaptchaCheck, signal?: AbortSignal): Promise<CaptchaVerdict>;
}
