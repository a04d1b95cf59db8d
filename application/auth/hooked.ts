/**
 * Work in a project's database that needs an answer from its owner's hook. No transaction is open while a hook is asked: work that
 * comes to a question is rolled back, the hook is asked, and the work runs again and finds the answer. The time and the ids are
 * the same in each run, so what the hook was told is what is done.
 */
import type { HookName } from '../../domain/auth/auth-settings.ts';
import type { JsonObject } from '../../domain/auth/user.ts';
import { Unavailable } from '../errors.ts';
import type { UserTransaction } from '../ports/user-directory.ts';
import { askHook, type HookAskers } from './ask-hook.ts';
import type { AuthCaller, AuthDependencies } from './auth-dependencies.ts';
import type { AuthProject } from './auth-project.ts';

/** One with all answers after two hooks, and two more because what a hook was told has changed meanwhile. */
const MOST_RUNS = 5;

export interface HookedRows extends UserTransaction {
  readonly hooks: HookAnswers;
}

interface Question {
  readonly hook: HookName;
  readonly told: JsonObject;
  /** the part of it that the answer holds for: if it differs in the next run, the hook is asked again */
  readonly about: JsonObject;
}

/** A hook has to be asked before the work can go on. */
class Unanswered extends Error {
  readonly question: Question;

  constructor(question: Question) {
    super(`the hook ${question.hook} has to be asked`);
    this.question = question;
  }
}

class HookAnswers {
  /** of the request */
  readonly now: Date;
  readonly #project: AuthProject;
  readonly #kept = new Map<string, unknown>();
  readonly #answers = new Map<HookName, { readonly about: string; readonly answer: JsonObject }>();

  constructor(project: AuthProject, now: Date) {
    this.#project = project;
    this.now = now;
  }

  /** The same in each run. */
  kept<T>(name: string, make: () => T): T {
    if (!this.#kept.has(name)) this.#kept.set(name, make());
    return this.#kept.get(name) as T;
  }

  /** @returns undefined: the project has no such hook */
  to(hook: HookName, told: JsonObject, about = told): JsonObject | undefined {
    if (!this.#project.settings.hooks[hook]) return undefined;
    const known = this.#answers.get(hook);
    if (known?.about !== JSON.stringify(about)) throw new Unanswered({ hook, told, about });
    return known.answer;
  }

  async ask(deps: HookAskers, { hook, told, about }: Question, caller: AuthCaller): Promise<void> {
    const answer = await askHook(deps, this.#project, { hook, told }, caller);
    this.#answers.set(hook, { about: JSON.stringify(about), answer });
  }
}

/**
 * One transaction, as UserDirectory.with; where a hook has to be asked, one more for each.
 * @throws {AuthError} a hook refuses, or fails: nothing was done then
 */
export async function hooked<T>(
  deps: HookAskers & Pick<AuthDependencies, 'directory'>,
  project: AuthProject,
  caller: AuthCaller,
  work: (rows: HookedRows) => Promise<T>,
): Promise<T> {
  const hooks = new HookAnswers(project, deps.clock.now());
  for (let run = 1; ; run++) {
    try {
      return await deps.directory.with(project.id, (rows) => work({ ...rows, hooks }), caller);
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      if (run === MOST_RUNS)
        throw new Unavailable(`end work in ${project.id}: what its hooks are asked changes all the time`);
      await hooks.ask(deps, error.question, caller);
    }
  }
}
