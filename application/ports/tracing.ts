/**
 * Spans: which work belongs to which request, over all parts of the platform. What is told of it are ids, names and
 * counts; never a value of an owner's, a query or an error's text.
 */
export type SpanAttributes = Readonly<Record<string, string | number | undefined>>;

export interface SpanStart {
  readonly name: string;
  readonly attributes?: SpanAttributes;
  /** What it is part of. Headers: of the request that asks for it. Default: the span that it begins in. */
  readonly partOf?: 'nothing' | Readonly<Record<string, string | readonly string[] | undefined>>;
}

export interface SpanEnd {
  /** a better name than the one that it began with */
  readonly name?: string;
  readonly attributes?: SpanAttributes;
  /** it failed: the kind of failure, as an error's name or a status */
  readonly failure?: string | undefined;
}

export interface Span {
  end(how?: SpanEnd): void;
}

export interface Tracing {
  /** Runs `work` now, within a span that `work` has to end; whatever begins within it is part of it. */
  begin<T>(start: SpanStart, work: (span: Span) => T): T;
  /** What a request to another service has to carry to be part of the span that it is made in. */
  headers(): Readonly<Record<string, string>>;
  /** Sends what is left. */
  stop(): Promise<void>;
}

/** Runs `work` within a span that ends with it. */
export function traced<T>(tracing: Tracing, start: SpanStart, work: () => Promise<T>): Promise<T> {
  return tracing.begin(start, async (span) => {
    try {
      const result = await work();
      span.end();
      return result;
    } catch (error) {
      span.end({ failure: kindOf(error) });
      throw error;
    }
  });
}

const kindOf = (error: unknown): string => (error instanceof Error ? error.name : typeof error);

const NO_SPAN: Span = { end() {} };
const NO_HEADERS = {};

/** Where nobody collects spans. */
export const NO_TRACING: Tracing = {
  begin: (_start, work) => work(NO_SPAN),
  headers: () => NO_HEADERS,
  stop: () => Promise.resolve(),
};
