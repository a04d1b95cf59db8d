/**
 * How a route is declared: one value that validates, answers and documents. `endpoint()` checks at compile
 * time that the handler's replies are those that it declares; the server and the OpenAPI document read it.
 */
import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import type { EventMetadata } from '../../application/ports/event-store.ts';

/** Who asks, as the token says. */
export interface Owner {
  readonly id: string;
  /** a personal token stands in for him, with less than all rights */
  readonly token?: {
    readonly id: string;
    readonly scopes: readonly string[];
    /** null: all projects */
    readonly projectId: string | null;
  };
}

/** `session`: the owner himself, not a personal token of his; `internal`: another part of the platform. */
export type Auth = 'owner' | 'session' | 'internal' | 'none';

/** How often it may be asked: `check` reads the whole log, `statement` bounds by itself what it leaves there. */
export type Rate = 'plain' | 'check' | 'statement';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
export type Headers = Readonly<Record<string, string>>;

/** A schema for a JSON body, or a sentence for a reply without one and for a stream. */
export type Responses = Readonly<Record<number, z.ZodType | string>>;

/** Writes the body itself. It must end when the signal aborts: the client has gone, or the server stops. */
export type Stream = (res: ServerResponse, signal: AbortSignal) => Promise<void>;

export interface StreamReply {
  readonly status: number;
  readonly headers?: Headers | undefined;
  readonly stream: Stream;
}

export interface PlainReply {
  readonly status: number;
  readonly headers?: Headers | undefined;
  /** JSON; no bigint */
  readonly body?: unknown;
}

export type Reply = PlainReply | StreamReply;

type ReplyOf<R extends Responses> =
  | { [S in keyof R & number]: DeclaredReply<StatusesLike<R, R[S]>, R[S]> }[keyof R & number]
  | (StreamReply & { readonly status: keyof R & number });

/** the statuses that are declared alike, so that one reply may choose between them */
type StatusesLike<R extends Responses, Declared> = {
  [S in keyof R & number]: R[S] extends (Declared extends string ? string : Declared) ? S : never;
}[keyof R & number];

type DeclaredReply<Status, Declared> = Declared extends z.ZodType
  ? { readonly status: Status; readonly headers?: Headers | undefined; readonly body: z.input<Declared> }
  : { readonly status: Status; readonly headers?: Headers | undefined; readonly body?: undefined };

export interface Limits {
  /** of the JSON body; default 64 KiB */
  readonly bodyBytes?: number;
  /** how deep the JSON body may nest; default 32 */
  readonly jsonDepth?: number;
  /** until the reply begins; default 90 s. Then the signal aborts and the caller gets 503. */
  readonly timeMs?: number;
}

export interface EndpointRequest {
  readonly params: unknown;
  readonly query: unknown;
  readonly headers: unknown;
  readonly body: unknown;
  readonly owner: Owner | undefined;
  /** goes into the metadata of every event that follows from this request */
  readonly context: EventMetadata;
  /** aborts when the client goes, when the time is over, and when the server must stop now */
  readonly signal: AbortSignal;
}

/** A declared route, as the server and the documents see it. */
export interface Endpoint {
  readonly method: Method;
  /** `/api/projects/:id` */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  readonly auth: Auth;
  readonly revealsSecrets: boolean;
  readonly rate: Rate;
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  readonly headers: z.ZodObject;
  readonly body: z.ZodType | undefined;
  readonly responses: Responses;
  readonly limits: Required<Limits>;
  readonly exactJson: boolean;
  readonly handler: (request: EndpointRequest) => Promise<Reply>;
}

type Nothing = z.ZodObject<Record<never, never>>;

export interface Declaration<
  P extends z.ZodObject,
  Q extends z.ZodObject,
  H extends z.ZodObject,
  B extends z.ZodType,
  R extends Responses,
  A extends Auth,
> {
  readonly method: Method;
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly auth: A;
  /** the answer holds keys or passwords: a personal token needs the scope `secrets` for it, too */
  readonly revealsSecrets?: boolean;
  /** default `plain` */
  readonly rate?: Rate;
  readonly params?: P;
  readonly query?: Q;
  /** names in lower case; other headers are left alone */
  readonly headers?: H;
  /** make it `.optional()` when the request may come without one */
  readonly body?: B;
  readonly responses: R;
  readonly limits?: Limits;
  /** numbers of the body that a double would change come as JsonText, and a JsonText of the reply goes out as it is */
  readonly exactJson?: boolean;
  readonly handler: (request: {
    readonly params: z.output<P>;
    readonly query: z.output<Q>;
    readonly headers: z.output<H>;
    readonly body: z.output<B>;
    readonly owner: A extends 'none' | 'internal' ? undefined : Owner;
    readonly context: EventMetadata;
    readonly signal: AbortSignal;
  }) => Promise<ReplyOf<NoInfer<R>>>;
}

const LIMITS: Required<Limits> = { bodyBytes: 64 * 1024, jsonDepth: 32, timeMs: 90_000 };

/** Declares a route. Keys of params, query and body that the schemas do not name are refused. */
export function endpoint<
  const R extends Responses,
  A extends Auth,
  P extends z.ZodObject = Nothing,
  Q extends z.ZodObject = Nothing,
  H extends z.ZodObject = Nothing,
  B extends z.ZodType = z.ZodUndefined,
>(declared: Declaration<P, Q, H, B, R, A>): Endpoint {
  const { params, query, headers, body } = declared;
  return {
    ...declared,
    tags: declared.tags ?? [],
    revealsSecrets: declared.revealsSecrets ?? false,
    rate: declared.rate ?? 'plain',
    params: strict(params),
    query: strict(query),
    headers: headers ?? z.object({}),
    body: body instanceof z.ZodObject ? strict(body) : body,
    limits: { ...LIMITS, ...declared.limits },
    exactJson: declared.exactJson ?? false,
    // the server hands over what these very schemas gave
    handler: declared.handler as unknown as Endpoint['handler'],
  };
}

const strict = (schema: z.ZodObject | undefined): z.ZodObject => schema?.strict() ?? z.strictObject({});
