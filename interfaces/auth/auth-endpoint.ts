/** How the auth service's routes are declared. Its clients send more than they need to, so what is not known is left alone. */
import { z } from 'zod';
import { AuthError } from '../../application/auth/auth-error.ts';
import type { AuthCaller } from '../../application/auth/auth-dependencies.ts';
import type { AuthProject, AuthProjects } from '../../application/auth/auth-project.ts';
import { SqlFailed } from '../../application/ports/project-sql.ts';
import type { ShownToken } from '../../application/ports/user-tokens.ts';
import type { EventMetadata } from '../../application/ports/event-store.ts';
import { isProjectId } from '../../domain/project/project-id.ts';
import { Rejection } from '../../domain/rejection.ts';
import { json } from '../http/body.ts';
import { endpointsFor, type Caller, type Endpoint, type Method, type Reply } from '../http/endpoint.ts';
import { ProblemError } from '../http/problems.ts';

/**
 * `user`: the access token of one of the project's users; whether they and their session are still there, the use case
 * asks. `admin`: the project's service key.
 */
export type AuthWay = 'user' | 'admin';

export interface AuthServiceCaller extends Caller {
  readonly known: { readonly project: AuthProject; readonly shown: ShownToken };
}
type Known = AuthServiceCaller['known'];
export type AuthEndpoint = Endpoint<AuthWay>;

const MIB = 1024 * 1024;
const TIME_MS = 20_000;
const NOTHING = z.looseObject({});
const PARAMS = z.looseObject({ project: z.string() });
const HEADERS = z.looseObject({
  redirect_to: z.string().optional(),
  referer: z.string().optional(),
  authorization: z.string().optional(),
  host: z.string().optional(),
  cookie: z.string().optional(),
});

/** Some clients send no body where there is nothing to say. */
const orNothing = (schema: z.ZodType): z.ZodType => schema.prefault({});

interface Asked<Q extends z.ZodType, B extends z.ZodType> {
  readonly project: AuthProject;
  readonly caller: AuthCaller;
  readonly query: z.output<Q>;
  readonly body: z.output<B>;
  /** what else is in the path, such as `:id` */
  readonly params: Readonly<Record<string, string>>;
  /** of the query or the header of that name */
  readonly redirectTo: string | undefined;
  /** the page that asks */
  readonly referer: string | undefined;
  readonly headers: z.output<typeof HEADERS>;
}

interface Declared<A extends AuthWay | 'none', Q extends z.ZodType, B extends z.ZodType> {
  readonly method: Method;
  /** below `/auth/v1`: `/admin/users/:id` */
  readonly path: string;
  readonly summary: string;
  readonly auth: A;
  /** see Endpoint */
  readonly spends?: boolean;
  readonly query?: Q;
  /** of JSON; without a body it is given `{}` */
  readonly body?: B;
  readonly handler: (
    asked: Asked<Q, B> & (A extends 'none' ? unknown : { readonly shown: ShownToken }),
  ) => Promise<Reply>;
}

const declare = endpointsFor<Record<AuthWay, Known>>({});

/** The `endpoint()` of the auth service. */
export const authEndpoint =
  (projects: AuthProjects) =>
  <A extends AuthWay | 'none', Q extends z.ZodObject = typeof NOTHING, B extends z.ZodType = typeof NOTHING>({
    handler,
    query,
    body,
    path,
    ...declared
  }: Declared<A, Q, B>): AuthEndpoint =>
    declare({
      ...declared,
      path: `/project/:project/auth/v1${path}`,
      params: PARAMS,
      query: query ?? NOTHING,
      headers: HEADERS,
      timeMs: TIME_MS,
      ...(declared.method !== 'get' && { body: json(orNothing(body ?? NOTHING), { bytes: MIB }) }),
      responses: { 200: z.unknown(), 204: 'Done', 302: 'Elsewhere', 303: 'Elsewhere' },
      handler: (async (request: {
        readonly params: Readonly<Record<string, string>>;
        readonly query: z.output<Q>;
        readonly headers: z.output<typeof HEADERS>;
        readonly body: z.output<B>;
        readonly context: EventMetadata;
        readonly signal: AbortSignal;
        readonly project?: AuthProject;
        readonly shown?: ShownToken;
      }) => {
        const { params, context, signal, headers } = request;
        const project = request.project ?? (await findProject(projects, params['project']));
        const { ip = null, userAgent = null } = context;
        const redirectTo = (request.query as { redirect_to?: unknown }).redirect_to ?? headers.redirect_to;
        const asked = {
          project,
          caller: { ip, userAgent, signal },
          query: request.query,
          body: request.body,
          params,
          redirectTo: typeof redirectTo === 'string' && redirectTo !== '' ? redirectTo : undefined,
          referer: headers.referer,
          headers,
          shown: request.shown as ShownToken,
        };
        // what a handler throws before it begins is told like all else
        return told((async () => handler(asked))());
      }) as never,
    }) as AuthEndpoint;

/** @throws {Rejection} project/not-found, project/not-active */
export function findProject(projects: AuthProjects, id: unknown): Promise<AuthProject> {
  if (typeof id === 'string' && isProjectId(id)) return projects.find(id);
  throw new Rejection('project/not-found', 'There is no such project.');
}

/** What the work throws, as the server tells it. What a trigger of the owner's says is not for strangers. */
export async function told<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof AuthError) throw asProblem(error);
    if (error instanceof SqlFailed)
      throw asProblem(
        new AuthError(500, 'unexpected_failure', 'The database of the project refused this.'),
        error,
      );
    throw error;
  }
}

function asProblem({ code, status, message, members }: AuthError, cause?: SqlFailed): ProblemError {
  const problem = new ProblemError({ code, status, title: message, detail: message, members });
  // for the log, which has the SQLSTATE of it alone
  if (cause) problem.cause = `sqlstate ${cause.code}`;
  return problem;
}
