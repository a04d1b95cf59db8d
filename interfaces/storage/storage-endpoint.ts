/** How the storage service's routes are declared. Its clients send more than they need to, so what is not known is left alone. */
import { z } from 'zod';
import { StoreFull } from '../../application/ports/object-store.ts';
import type { StorageCaller } from '../../application/ports/storage-directory.ts';
import type { Reading } from '../../application/storage/find-object.ts';
import { StorageError } from '../../application/storage/storage-error.ts';
import type { StorageProject } from '../../application/storage/storage-project.ts';
import { json, type Body, type BodyValue } from '../http/body.ts';
import { endpointsFor, type Caller, type Endpoint, type Method, type Reply } from '../http/endpoint.ts';
import { asProblem } from './storage-error-body.ts';

/**
 * `needed`: a token of the project's; `tolerated`: with none that is good they are nobody; `open`: nobody asks for one.
 */
export type StorageWay = 'needed' | 'tolerated' | 'open';

export interface StorageServiceCaller extends Caller {
  readonly known: {
    readonly project: StorageProject;
    readonly caller: StorageCaller;
    /** `sub` of the token */
    readonly ownerId: string | null;
    /** why there is no good token, where there is none */
    readonly refusal: StorageError | undefined;
  };
}
type Known = StorageServiceCaller['known'];
export type StorageEndpoint = Endpoint<StorageWay>;

const MIB = 1024 * 1024;
const TIME_MS = 60_000;
const NOTHING = z.looseObject({});
const PARAMS = z.looseObject({ project: z.string() });

export interface AskedOf<Q extends z.ZodType, H extends z.ZodType, Value> extends Known {
  readonly query: z.output<Q>;
  readonly headers: z.output<H>;
  readonly body: Value;
  /** of the path; empty where there is none */
  readonly bucket: string;
  readonly key: string;
  readonly signal: AbortSignal;
}

interface Declared<Q extends z.ZodObject, H extends z.ZodObject, B extends Body | z.ZodType> {
  readonly method: Method;
  /** below `/storage/v1`; `:bucket` and `*key` are handed on, whatever they are */
  readonly path: string;
  readonly summary: string;
  readonly auth: StorageWay;
  readonly query?: Q;
  readonly headers?: H;
  /** a schema is one of JSON; without a body it is given `{}` */
  readonly body?: B;
  readonly timeMs?: number;
  readonly handler: (
    asked: AskedOf<Q, H, B extends z.ZodType ? z.output<B> : BodyValue<B>>,
  ) => Promise<Reply>;
}

const declare = endpointsFor<Record<StorageWay, Known>>({});

/** The `endpoint()` of the storage service. */
export const storageEndpoint = <
  Q extends z.ZodObject = typeof NOTHING,
  H extends z.ZodObject = typeof NOTHING,
  B extends Body | z.ZodType = z.ZodUndefined,
>({
  handler,
  query,
  headers,
  body,
  path,
  ...declared
}: Declared<Q, H, B>): StorageEndpoint =>
  declare({
    ...declared,
    path: `/project/:project/storage/v1${path}`,
    params: PARAMS,
    query: query ?? NOTHING,
    headers: headers ?? NOTHING,
    timeMs: declared.timeMs ?? TIME_MS,
    ...(body && {
      body: body instanceof z.ZodType ? json(body.prefault({} as never), { bytes: MIB }) : body,
    }),
    responses: { 200: z.unknown(), 206: 'A part', 304: 'Nothing new' },
    handler: (async (
      request: Known & {
        readonly params: Readonly<Record<string, unknown>>;
        readonly query: z.output<Q>;
        readonly headers: z.output<H>;
        readonly body: never;
        readonly signal: AbortSignal;
      },
    ) => {
      const { params, ...rest } = request;
      const { bucket, key } = params;
      const asked = {
        ...rest,
        bucket: typeof bucket === 'string' ? bucket : '',
        // each segment was decoded once
        key: Array.isArray(key) ? key.join('/') : '',
      };
      // what a handler throws before it begins is told like all else
      return told((async () => handler(asked))());
    }) as never,
  }) as StorageEndpoint;

/** What the work throws, as the server tells it. */
async function told<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof StorageError) throw asProblem(error);
    if (error instanceof StoreFull) throw asProblem(new StorageError('StorageFull'));
    throw error;
  }
}

/** By what right they read who asked at a way that tolerates anybody. */
export const readingOf = ({ caller, refusal }: Pick<Known, 'caller' | 'refusal'>): Reading =>
  refusal ? { by: 'nobody', caller, refusal } : { by: 'policies', caller };

/** Of what is public, whoever asks. */
export const openReading = (caller: StorageCaller): Reading => ({
  by: 'nobody',
  caller,
  refusal: new StorageError('NoSuchBucket'),
});
