import { InMemorySpanExporter, type SpanExporter } from '@opentelemetry/sdk-trace';
import { expect, test } from 'vitest';
import { Unavailable } from '../../application/errors.ts';
import { tracingContract } from '../../application/ports/tracing.contract.ts';
import { NO_TRACING, traced } from '../../application/ports/tracing.ts';
import { OtelTracing, type OtelTracingOptions } from './otel-tracing.ts';

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const TRACE = 'a'.repeat(32);
const CALLER = 'b'.repeat(16);

function collected(options: Partial<OtelTracingOptions> = {}) {
  // its shutdown forgets them
  const kept = Object.assign(new InMemorySpanExporter(), { shutdown: () => Promise.resolve() });
  const tracing = new OtelTracing({
    serviceName: 'launchdb',
    share: 1,
    log: quiet,
    exporter: kept,
    ...options,
  });
  const spans = async () => {
    await tracing.stop();
    return kept.getFinishedSpans();
  };
  return { tracing, spans };
}

tracingContract('none', () => NO_TRACING);
tracingContract('OpenTelemetry', () => collected().tracing);

test('what begins within a span is part of it, over waits and side by side; what says so is not', async () => {
  const { tracing, spans } = collected();
  const request = (name: string) =>
    traced(tracing, { name }, async () => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await traced(
        tracing,
        { name: `${name}'s`, attributes: { 'launchdb.events': 2, none: undefined } },
        () => Promise.resolve(),
      );
      await traced(tracing, { name: 'apart', partOf: 'nothing' }, () => Promise.resolve());
    });
  await Promise.all([request('a'), request('b')]);
  const all = await spans();
  for (const name of ['a', 'b']) {
    const parent = all.find((span) => span.name === name);
    const child = all.find((span) => span.name === `${name}'s`);
    expect(child?.parentSpanContext?.spanId).toBe(parent?.spanContext().spanId);
    expect(child?.attributes).toEqual({ 'launchdb.events': 2 });
  }
  const apart = all.filter(({ name }) => name === 'apart');
  expect(apart.map(({ parentSpanContext }) => parentSpanContext)).toEqual([undefined, undefined]);
});

test('a request is part of its caller’s trace, and tells whom it asks', async () => {
  const { tracing, spans } = collected();
  const partOf = { traceparent: `00-${TRACE}-${CALLER}-01`, tracestate: 'other=1' };
  const told = tracing.begin({ name: 'GET', partOf }, (span) => {
    const headers = tracing.headers();
    span.end({ name: 'GET /things', failure: '503' });
    return headers;
  });
  const [span] = await spans();
  expect(span).toMatchObject({ name: 'GET /things', kind: 1, status: { code: 2 } });
  expect(span?.attributes).toEqual({ 'error.type': '503' });
  expect(span?.parentSpanContext).toMatchObject({ traceId: TRACE, spanId: CALLER });
  expect(told).toEqual({
    traceparent: `00-${TRACE}-${span?.spanContext().spanId}-01`,
    tracestate: 'other=1',
  });
});

test('whether a trace is kept is the caller’s to say, and of new ones the share’s', async () => {
  const { tracing, spans } = collected({ share: 0 });
  const ask = (flags: string) =>
    tracing.begin({ name: flags, partOf: { traceparent: `00-${TRACE}-${CALLER}-${flags}` } }, (span) => {
      const { traceparent = '' } = tracing.headers();
      span.end();
      return traceparent.slice(0, 36) + traceparent.slice(-2);
    });
  expect(ask('00')).toBe(`00-${TRACE}-00`);
  expect(ask('01')).toBe(`00-${TRACE}-01`);
  await traced(tracing, { name: 'new' }, () => Promise.resolve());
  expect((await spans()).map(({ name }) => name)).toEqual(['01']);
});

test('of a failure its kind is told and not its words', async () => {
  const { tracing, spans } = collected();
  const failing = traced(tracing, { name: 'step' }, () => Promise.reject(new Unavailable('reach 10.0.0.7')));
  await expect(failing).rejects.toThrow('10.0.0.7');
  const [span] = await spans();
  expect(span?.attributes).toEqual({ 'error.type': 'Unavailable' });
  expect(JSON.stringify([span?.status, span?.events, span?.attributes])).not.toContain('10.0.0.7');
});

test('spans that are lost are complained about once, not each time', async () => {
  const complaints: string[] = [];
  const log = { ...quiet, warn: (_fields: unknown, message: string) => void complaints.push(message) };
  const exporter: SpanExporter = {
    export: (_spans, done) => done({ code: 1, error: new Error('connection refused') }),
    shutdown: () => Promise.resolve(),
  };
  const { tracing } = collected({ exporter, log });
  for (let at = 0; at < 1_100; at++) tracing.begin({ name: 'span' }, (span) => span.end());
  await tracing.stop();
  expect(complaints).toEqual(['traces do not arrive where they are sent to']);
});
