import { components as texts } from '../texts/en/components.ts';
import { ApiProblem } from './problem.ts';

/** What an error says to people. With what a bug of the platform is found by in its log. */
export function wordsOf(error: unknown): string {
  if (error instanceof ApiProblem && error.reference !== '' && error.status >= 500)
    return `${error.message} (${texts.reference} ${error.reference})`;
  return error instanceof Error ? error.message : String(error);
}
