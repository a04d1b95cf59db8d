/**
 * How a route is declared: one value that validates, answers and documents. A service makes its own `endpoint()` with
 * {@link endpointsFor}, which checks at compile time that the handler's replies are those that it declares; the server
 * and the OpenAPI document read it.
 */
import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import type { Actor, EventMetadata } from '../../application/ports/event-store.ts';
import { json, NO_BODY, type Body, type BodyValue, type NoBody } from './body.ts';

/** A HEAD without an answer of its own is that of a GET, without its body. */
export type Method = 'get' | 'head' | 'options' | 'post' | 'put' | 'patch' | 'delete';
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

/** Who asks, as a server's `authenticate` found out. */
export interface Caller {
  /** in the metadata of every event that follows; default: the server itself */
  readonly actor?: Actor;
  /** beside the request's line in the log */
  readonly logged?: Readonly<Record<string, string>>;
  /** what the handler gets beside the request: what the service's {@link endpointsFor} promises for this way of asking */
  readonly known: object;
  /** Resolves when they may be told no more, or the signal aborts: an answer that goes on ends then. Default: it may go on. */
  readonly lasts?: (signal: AbortSignal) => Promise<void>;
}

export interface EndpointRequest {
  readonly params: unknown;
  readonly query: unknown;
  readonly headers: unknown;
  readonly body: unknown;
  /** goes into the metadata of every event that follows from this request */
  readonly context: EventMetadata;
  /** aborts when the client goes, when the time is over, and when the server must stop now */
  readonly signal: AbortSignal;
}

/** A declared route, as the server and the documents see it. */
export interface Endpoint<Auth extends string = string> {
  readonly method: Method;
  /** `/api/projects/:id` */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  /** how whoever asks has to prove who they are, in the service's own words; `none`: anybody may ask */
  readonly auth: Auth | 'none';
  readonly params: z.ZodObject;
  readonly query: z.ZodObject;
  readonly headers: z.ZodObject;
  readonly body: Body;
  readonly responses: Responses;
  /** until the reply begins. Then the signal aborts and the caller gets 503. */
  readonly timeMs: number;
  /** a JsonText of the reply goes out as it is */
  readonly exactJson: boolean;
  /** a GET that changes something, which a HEAD does not: whoever looks at links before people do spends none */
  readonly spends: boolean;
  /** @param request with what {@link Caller} is `known` for in it */
  readonly handler: (request: EndpointRequest) => Promise<Reply>;
}

type Nothing = z.ZodObject<Record<never, never>>;

export interface Declaration<
  Known extends object,
  P extends z.ZodObject,
  Q extends z.ZodObject,
  H extends z.ZodObject,
  B extends Body | z.ZodType,
  R extends Responses,
  A extends string,
> {
  readonly method: Method;
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly auth: A;
  readonly params?: P;
  readonly query?: Q;
  /** names in lower case; other headers are left alone */
  readonly headers?: H;
  /** default: none. A schema alone is that of a JSON body; `.optional()` when the request may come without one. */
  readonly body?: B;
  readonly responses: R;
  /** default 90 s */
  readonly timeMs?: number;
  readonly exactJson?: boolean;
  /** default false */
  readonly spends?: boolean;
  readonly handler: (
    request: {
      readonly params: z.output<P>;
      readonly query: z.output<Q>;
      readonly headers: z.output<H>;
      readonly body: B extends z.ZodType ? z.output<B> : BodyValue<B>;
      readonly context: EventMetadata;
      readonly signal: AbortSignal;
    } & Known,
  ) => Promise<ReplyOf<R>>;
}

const TIME_MS = 90_000;

/** What a handler knows by each way of asking: `{ owner: { owner: Owner } }`. */
type Ways = Readonly<Record<string, object>>;
type KnownBy<W extends Ways, A extends string> = A extends keyof W ? W[A] : object;

/**
 * The `endpoint()` of a service.
 * @typeParam W the ways of asking, beside `none`, and what the handler of such an endpoint knows of who asks
 * @typeParam Rules what else an endpoint may say about who may ask how often, for the service's `authenticate` and bounds
 * @param rules where an endpoint says nothing
 */
export const endpointsFor =
  <W extends Ways, Rules extends object = object>(rules: Rules) =>
  <
    const R extends Responses,
    A extends (keyof W & string) | 'none',
    P extends z.ZodObject = Nothing,
    Q extends z.ZodObject = Nothing,
    H extends z.ZodObject = Nothing,
    B extends Body | z.ZodType = NoBody,
  >(
    declared: Declaration<KnownBy<W, A>, P, Q, H, B, R, A> & Partial<Rules>,
  ): Endpoint<keyof W & string> & Rules => {
    const { params, query, headers, body } = declared;
    return {
      ...rules,
      ...declared,
      tags: declared.tags ?? [],
      params: strict(params),
      query: strict(query),
      headers: headers ?? z.object({}),
      body: body instanceof z.ZodType ? json(body) : (body ?? NO_BODY),
      timeMs: declared.timeMs ?? TIME_MS,
      exactJson: declared.exactJson ?? false,
      spends: declared.spends ?? false,
      // the server hands over what these very schemas, and the service's own `authenticate`, gave
      handler: declared.handler as unknown as Endpoint['handler'],
    };
  };

/** Of a server that asks nobody who they are. */
export const openEndpoint = endpointsFor<Record<never, never>>({});

/** Whoever says of a schema what becomes of other keys (`z.looseObject`) is taken at their word. */
const strict = (schema: z.ZodObject = z.object({})): z.ZodObject =>
  schema.def.catchall ? schema : schema.strict();
