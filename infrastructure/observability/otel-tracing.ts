/**
 * Spans by OpenTelemetry's SDK, sent with OTLP over HTTP to where OTEL_EXPORTER_OTLP_ENDPOINT says; the exporter reads
 * that and its other variables itself. Imported only where it is asked for. Nothing is registered globally.
 */
import { defaultTextMapGetter, defaultTextMapSetter, ROOT_CONTEXT } from '@opentelemetry/api';
import { SpanKind, SpanStatusCode, trace, type Attributes, type Context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { ExportResultCode, W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
} from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type SpanExporter,
} from '@opentelemetry/sdk-trace';
import type { Log } from '../../application/ports/log.ts';
import type { Span, SpanAttributes, SpanStart, Tracing } from '../../application/ports/tracing.ts';

export interface OtelTracingOptions {
  readonly serviceName: string;
  /** of the traces that begin here, from 0 to 1; those of callers follow what the caller says */
  readonly share: number;
  readonly log: Log;
  /** default: OTLP over HTTP */
  readonly exporter?: SpanExporter;
}

const EXPORT_WITHIN_MS = 10_000;
const COMPLAIN_EVERY_MS = 300_000;
/** of a name or an id; what is longer is nothing of ours */
const MAX_VALUE = 256;

export class OtelTracing implements Tracing {
  readonly #provider: TracerProvider;
  readonly #contexts = new AsyncLocalStorageContextManager();
  readonly #propagator = new W3CTraceContextPropagator();

  constructor({ serviceName, share, log, exporter = new OTLPTraceExporter() }: OtelTracingOptions) {
    this.#provider = new TracerProvider({
      resource: defaultResource()
        .merge(detectResources({ detectors: [resourceAttributesEnvDetector] }))
        .merge(resourceFromAttributes({ 'service.name': serviceName })),
      sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(share) }),
      spanLimits: { attributeValueLengthLimit: MAX_VALUE },
      spanProcessors: [
        new BatchSpanProcessor({
          exporter: complaining(exporter, log),
          exportTimeoutMillis: EXPORT_WITHIN_MS,
        }),
      ],
    });
  }

  begin<T>({ name, attributes = {}, partOf }: SpanStart, work: (span: Span) => T): T {
    const parent = this.#contextOf(partOf);
    const kind = typeof partOf === 'object' ? SpanKind.SERVER : SpanKind.INTERNAL;
    const tracer = this.#provider.getTracer('launchdb');
    const span = tracer.startSpan(name, { kind, attributes: defined(attributes) }, parent);
    const ours: Span = {
      end({ name: better, attributes: late = {}, failure } = {}) {
        if (better !== undefined) span.updateName(better);
        span.setAttributes(defined(late));
        if (failure !== undefined) {
          span.setAttribute('error.type', failure);
          span.setStatus({ code: SpanStatusCode.ERROR });
        }
        span.end();
      },
    };
    return this.#contexts.with(trace.setSpan(parent, span), () => work(ours));
  }

  headers(): Readonly<Record<string, string>> {
    const headers: Record<string, string> = {};
    this.#propagator.inject(this.#contexts.active(), headers, defaultTextMapSetter);
    return headers;
  }

  stop(): Promise<void> {
    // whether the last ones arrived is told by the exporter
    return this.#provider.shutdown().catch(() => {});
  }

  #contextOf(partOf: SpanStart['partOf']): Context {
    if (partOf === undefined) return this.#contexts.active();
    if (partOf === 'nothing') return ROOT_CONTEXT;
    return this.#propagator.extract(ROOT_CONTEXT, partOf, defaultTextMapGetter);
  }
}

const defined = (attributes: SpanAttributes): Attributes =>
  Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined)) as Attributes;

/** Says in the log when spans are lost: at once, and then now and then. */
function complaining(exporter: SpanExporter, log: Log): SpanExporter {
  let complainedAt = -Infinity;
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        if (
          result.code !== ExportResultCode.SUCCESS &&
          performance.now() - complainedAt > COMPLAIN_EVERY_MS
        ) {
          complainedAt = performance.now();
          log.warn({ spans: spans.length, err: result.error }, 'traces do not arrive where they are sent to');
        }
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  };
}
