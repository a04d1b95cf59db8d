/** Addresses of an owner's that are asked before something is done, by POST, signed as Standard Webhooks has it. */
import type { AuthHook, HookName } from '../../domain/auth/auth-settings.ts';
import type { JsonObject } from '../../domain/auth/user.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';

export interface SignedHook extends AuthHook {
  readonly name: HookName;
  /** `whsec_...`, with `v1,` before it or not */
  readonly secret: string;
}

export type HookAnswer =
  | { readonly said: 'yes'; readonly body: JsonObject }
  /** for whoever asked us, in the owner's words */
  | { readonly said: 'no'; readonly status: number; readonly message: string };

export type HookFailure =
  'timeout' | 'timeout-after-retry' | 'over-size-limit' | 'invalid-content-type' | 'unexpected';

/** It said neither yes nor no. */
export class HookFailed extends Error {
  readonly failure: HookFailure;

  /** @param why for the log: nothing of what it was asked or said */
  constructor(failure: HookFailure, why: string, cause?: unknown) {
    super(why, { cause });
    this.name = 'HookFailed';
    this.failure = failure;
  }
}

export interface AuthHooks {
  /**
   * Within the hook's time, all tries together. Each has the same id, so that a hook can tell that it was asked before.
   * @throws {HookFailed} @throws {Unavailable} too many of the project's are under way
   */
  ask(project: ProjectId, hook: SignedHook, question: JsonObject, signal?: AbortSignal): Promise<HookAnswer>;
}
