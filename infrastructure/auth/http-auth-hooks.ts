/** Hooks by HTTP (https://www.standardwebhooks.com): what they are asked is signed, what they say is bounded in time and size. */
import { randomUUID } from 'node:crypto';
import {
  HookFailed,
  type AuthHooks,
  type HookAnswer,
  type SignedHook,
} from '../../application/ports/auth-hooks.ts';
import type { Clock } from '../../application/ports/clock.ts';
import type { Log } from '../../application/ports/log.ts';
import { AUTH_RANGES } from '../../domain/auth/auth-settings-rules.ts';
import type { JsonObject } from '../../domain/auth/user.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { webhookHeaders } from '../crypto/standard-webhooks.ts';
import { guardedFetch, NotReached, type GuardedFetch, type GuardOptions } from '../network/guarded-fetch.ts';
import { ProjectCalls } from '../network/project-calls.ts';
import { timeLimit } from '../network/time-limit.ts';

const TRIES = 3;
/** where it does not say itself when to ask again */
const BACK_OFF_MS = 500;
const BYTES = 200 * 1024;
const LONGEST_MESSAGE = 1_000;

export interface HttpAuthHooksOptions extends Omit<GuardOptions, 'timeMs' | 'bytes'> {
  readonly clock: Clock;
  readonly log: Log;
}

interface Message {
  readonly id: string;
  readonly body: string;
  readonly endsAtMs: number;
  readonly signal: AbortSignal;
}

export class HttpAuthHooks implements AuthHooks {
  readonly #fetch: GuardedFetch;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #calls = new ProjectCalls('hooks');

  constructor({ clock, log, ...guard }: HttpAuthHooksOptions) {
    this.#fetch = guardedFetch({ ...guard, timeMs: AUTH_RANGES.timeoutMs[1], bytes: BYTES });
    this.#clock = clock;
    this.#log = log;
  }

  async ask(
    project: ProjectId,
    hook: SignedHook,
    question: JsonObject,
    stopped?: AbortSignal,
  ): Promise<HookAnswer> {
    const signal = timeLimit(hook.timeoutMs, stopped);
    const endsAtMs = this.#clock.elapsedMs() + hook.timeoutMs;
    const message = { id: randomUUID(), body: JSON.stringify(question), endsAtMs, signal };
    try {
      return await this.#calls.run(project, signal, () => this.#answer(hook, message));
    } catch (error) {
      const why = error instanceof Error ? error.message : 'unexpected error';
      this.#log.warn({ project, hook: hook.name, why }, 'a hook of a project failed');
      throw error;
    }
  }

  async #answer(hook: SignedHook, message: Message): Promise<HookAnswer> {
    for (let tries = 1; ; tries++) {
      const outcome = await this.#try(hook, message);
      if (!('againInMs' in outcome)) return outcome;
      const isTooLate = this.#clock.elapsedMs() + outcome.againInMs >= message.endsAtMs;
      if (tries === TRIES || isTooLate)
        throw new HookFailed('timeout-after-retry', `not reached in ${tries} tries`);
      await this.#clock.sleep(outcome.againInMs, message.signal).catch(tooLate);
    }
  }

  async #try(
    { url, secret }: SignedHook,
    { id, body, signal }: Message,
  ): Promise<HookAnswer | { readonly againInMs: number }> {
    const timestamp = Math.floor(this.#clock.now().getTime() / 1000);
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json',
      ...webhookHeaders(secret, { id, timestamp, body }),
    };
    try {
      const answer = await this.#fetch(url, { method: 'POST', headers, body, signal });
      const after = answer.headers.get('retry-after');
      if ([429, 503].includes(answer.status) && after) return { againInMs: waitOf(after, timestamp * 1000) };
      return answerOf(answer, await answer.text());
    } catch (error) {
      if (!(error instanceof NotReached)) throw error;
      if (signal.aborted) tooLate(error);
      if (error.kind === 'too-long') throw new HookFailed('over-size-limit', error.message, error);
      if (error.kind === 'forbidden') throw new HookFailed('unexpected', error.message, error);
      return { againInMs: BACK_OFF_MS };
    }
  }
}

function tooLate(error: unknown): never {
  throw new HookFailed('timeout', 'no answer in time', error);
}

/** Seconds, or a date. */
function waitOf(after: string, now: number): number {
  if (/^\d{1,9}$/.test(after)) return Number(after) * 1000;
  const at = Date.parse(after);
  return Number.isNaN(at) ? BACK_OFF_MS : Math.max(0, at - now);
}

/** A 4xx that says why in the way of a 200 is as good a no. */
function answerOf({ status, headers }: Response, text: string): HookAnswer {
  if (status === 204) return { said: 'yes', body: {} };
  const isRefusal = status >= 400 && status < 500;
  if (![200, 202].includes(status) && !isRefusal) throw new HookFailed('unexpected', `status ${status}`);
  const type = (headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/json')
    throw isRefusal
      ? new HookFailed('unexpected', `status ${status}`)
      : new HookFailed('invalid-content-type', 'not application/json');
  const body = parsed(text);
  if (body?.['error'] !== undefined && body['error'] !== null) return refusal(body['error'], status);
  if (!body || isRefusal) throw new HookFailed('unexpected', `status ${status} and no object of JSON`);
  return { said: 'yes', body };
}

function refusal(error: unknown, status: number): HookAnswer {
  const { message, http_code: code } = error as Readonly<Record<string, unknown>>;
  if (typeof message !== 'string' || message === '')
    throw new HookFailed('unexpected', 'an error without a message');
  const otherwise = status >= 400 ? status : 500;
  const isStatus = Number.isInteger(code) && Number(code) >= 400 && Number(code) <= 599;
  return {
    said: 'no',
    status: isStatus ? Number(code) : otherwise,
    message: message.slice(0, LONGEST_MESSAGE).toWellFormed(),
  };
}

function parsed(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as JsonObject)
      : undefined;
  } catch {
    return undefined;
  }
}
