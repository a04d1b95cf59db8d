/** The one place that asks anything of the platform: by the session's cookie, or as somebody of a project. */
import { takeAnswer } from './ahead.ts';
import { problemOf, Unreachable } from './problem.ts';
import { noteAnswer, noteSilence } from './reachability.ts';

/** shows that it is the console that asks, and no form of another page */
const CONSOLE_HEADER = 'x-launchdb-console';

export type Whose = 'owner' | 'operator';
const ended = new Map<Whose, () => void>();
/** @param then called when the platform says that there is no session (any more) of theirs */
export const onSessionEnded = (whose: Whose, then: () => void): void => void ended.set(whose, then);
/** Each has a cookie of their own, and routes. */
const whoseIs = ({ url }: Request): Whose =>
  new URL(url).pathname.startsWith('/api/operator/') ? 'operator' : 'owner';

/**
 * As `fetch`, but an answer that is not a success is thrown.
 * @throws {ApiProblem | Unreachable | DOMException} the last when the signal aborted
 */
export async function send(input: Request | string, init?: RequestInit): Promise<Response> {
  const request = new Request(input, init);
  // a token of a project's speaks for itself
  if (!request.headers.has('authorization')) request.headers.set(CONSOLE_HEADER, '1');
  const response = await (takeAnswer(request) ?? fetch(request)).catch((error: unknown) => {
    if (request.signal.aborted) throw error;
    noteSilence();
    throw new Unreachable(error);
  });
  noteAnswer();
  if (response.ok) return response;
  const problem = await problemOf(response);
  if (problem.code === 'request/unauthenticated' && !request.headers.has('authorization'))
    ended.get(whoseIs(request))?.();
  throw problem;
}
