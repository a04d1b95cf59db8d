/** Asks an internal service in another process for what only that one does. */
import { z } from 'zod';
import { DEPENDENCIES, Refused, unavailable, Unavailable } from '../../application/errors.ts';
import type { Tracing } from '../../application/ports/tracing.ts';

/** Who is asked, for messages. */
const SERVICES = {
  manager: 'the manager',
  migrations: 'the migrations service',
  storage: 'the storage service',
} as const;

export interface InternalClientOptions {
  /** without a slash at the end */
  readonly url: string;
  readonly internalKey: string;
  /** who is asked */
  readonly service: keyof typeof SERVICES;
  readonly tracing?: Pick<Tracing, 'headers'>;
  /** default 35 s: a service takes 30 s at most for what steps ask of it */
  readonly timeoutMs?: number;
}

const problem = z.object({
  type: z.string(),
  detail: z.string(),
  away: z.enum(DEPENDENCIES).optional().catch(undefined),
});

/** The manager says that nothing of the project shall run now, or that there is no such project. */
export class NotWanted extends Unavailable {}

export class InternalClient {
  readonly #options: InternalClientOptions;

  constructor(options: InternalClientOptions) {
    this.#options = options;
  }

  /**
   * @param path after `/internal`
   * @throws {Unavailable} it does not answer, or could not do it now @throws {NotWanted} @throws {Refused}
   */
  async ask<T>(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    answer: z.ZodType<T>,
    { signal, body: asked }: { readonly signal?: AbortSignal | undefined; readonly body?: unknown } = {},
  ): Promise<T> {
    const { url, internalKey, service, tracing, timeoutMs = 35_000 } = this.#options;
    const limit = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(`${url}/internal${path}`, {
        method,
        headers: {
          ...tracing?.headers(),
          'x-internal-api-key': internalKey,
          ...(asked !== undefined && { 'content-type': 'application/json' }),
        },
        ...(asked !== undefined && { body: JSON.stringify(asked) }),
        redirect: 'error',
        signal: signal ? AbortSignal.any([limit, signal]) : limit,
      });
      const body: unknown = await response.json();
      if (response.ok) return answer.parse(body);
      throw failure(service, response.status, problem.parse(body));
    } catch (error) {
      if (error instanceof Unavailable || error instanceof Refused) throw error;
      throw unavailable(service, `get an answer from ${SERVICES[service]}`, error);
    }
  }
}

function failure(
  service: InternalClientOptions['service'],
  status: number,
  { type, detail, away }: z.output<typeof problem>,
): Error {
  const code = type.split('#')[1];
  if (code === 'platform/refused') return new Refused(detail);
  if (code === 'project/not-active' || code === 'project/not-found')
    return new NotWanted(`do this: ${detail}`);
  if (status === 401)
    return new Refused(`${SERVICES[service]} does not accept INTERNAL_API_KEY; give both the same one`);
  return unavailable(away ?? service, detail.replace(/^could not /, ''));
}
