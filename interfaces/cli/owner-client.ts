/** The platform's API as an owner's program uses it: by its URL, with a personal access token. */
import { z } from 'zod';
import { Refused } from '../../application/errors.ts';

export interface OwnerAccess {
  /** of the gateway, without a slash at the end */
  readonly url: string;
  readonly token: string;
}

const problem = z.looseObject({ type: z.string(), detail: z.string() });
export type Problem = z.output<typeof problem>;

/** The API said no: in `problem` is why. */
export class ProblemAnswer extends Refused {
  readonly problem: Problem;

  constructor(answer: Problem) {
    super(answer.detail);
    this.problem = answer;
  }
}

/** longer than the API takes at most */
const WITHIN_MS = 130_000;

/** @throws {ProblemAnswer} @throws {Refused} it does not answer */
export async function ask<T>(
  { url, token }: OwnerAccess,
  method: 'GET' | 'POST',
  path: string,
  answer: z.ZodType<T>,
  body?: unknown,
): Promise<T> {
  const response = await fetch(`${url}${path}`, {
    method,
    redirect: 'error',
    signal: AbortSignal.timeout(WITHIN_MS),
    headers: {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  }).catch((error: unknown) => {
    throw new Refused(`${url} does not answer; say where the platform is with LAUNCHDB_URL or --url`, error);
  });
  const given: unknown = await response.json().catch(() => undefined);
  if (response.status === 401)
    throw new Refused('the token is not accepted; make one with POST /api/tokens, scopes read and write');
  const parsed = response.ok ? answer.safeParse(given) : undefined;
  if (parsed?.success) return parsed.data;
  const said = problem.safeParse(given);
  if (said.success && !response.ok) throw new ProblemAnswer(said.data);
  throw new Refused(`${url} answered ${response.status} and not as LaunchDB's API does; is the URL right?`);
}
