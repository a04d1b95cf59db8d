/** hCaptcha, Turnstile, and whoever else answers as they do: a form with secret and token, a yes or no in JSON. */
import { Unavailable } from '../../application/errors.ts';
import type { CaptchaCheck, Captchas, CaptchaVerdict } from '../../application/ports/captchas.ts';
import type { CaptchaProvider } from '../../domain/auth/auth-settings.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { guardedFetch, type GuardedFetch, type GuardOptions } from '../network/guarded-fetch.ts';
import { ProjectCalls } from '../network/project-calls.ts';
import { timeLimit } from '../network/time-limit.ts';

/** https://docs.hcaptcha.com, https://developers.cloudflare.com/turnstile/get-started/server-side-validation */
const PLACES: Readonly<Record<CaptchaProvider, string>> = {
  hcaptcha: 'https://api.hcaptcha.com/siteverify',
  turnstile: 'https://challenges.cloudflare.com/turnstile/v0/siteverify',
};

const CAPTCHA_MS = 5_000;
const BYTES = 16 * 1024;
const MOST_CODES = 5;

export class HttpCaptchas implements Captchas {
  readonly #fetch: GuardedFetch;
  readonly #timeMs: number;
  readonly #calls = new ProjectCalls('the captcha provider');

  constructor({ timeMs = CAPTCHA_MS, ...options }: GuardOptions) {
    this.#fetch = guardedFetch({ ...options, timeMs, bytes: BYTES });
    this.#timeMs = timeMs;
  }

  async verify(project: ProjectId, check: CaptchaCheck, stopped?: AbortSignal): Promise<CaptchaVerdict> {
    const { provider, verifyUrl, secret, token, ip } = check;
    const signal = timeLimit(this.#timeMs, stopped);
    const form = { secret, response: token, ...(ip !== null && { remoteip: ip }) };
    try {
      const answer = await this.#calls.run(project, signal, () =>
        this.#fetch(verifyUrl ?? PLACES[provider], {
          method: 'POST',
          headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
          body: new URLSearchParams(form).toString(),
          signal,
        }),
      );
      return verdictOf(await answer.json());
    } catch (error) {
      throw new Unavailable(`ask the captcha provider of ${project}`, error);
    }
  }
}

function verdictOf(answer: unknown): CaptchaVerdict {
  const { success, 'error-codes': codes } = (answer ?? {}) as Readonly<Record<string, unknown>>;
  if (success === true) return { human: true };
  if (success !== false) throw new TypeError('it says neither yes nor no');
  // shown to whoever asked: nothing but what looks like a code
  const why = (Array.isArray(codes) ? codes : []).filter(
    (code): code is string => typeof code === 'string' && /^[a-z0-9-]{1,60}$/.test(code),
  );
  return { human: false, why: why.slice(0, MOST_CODES) };
}
