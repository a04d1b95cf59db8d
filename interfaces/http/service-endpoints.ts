import { z } from 'zod';
import { openEndpoint, type Endpoint } from './endpoint.ts';
import type { Metrics } from './metrics.ts';
import { within } from '../../application/background/deadline.ts';

/** Each thing that a server depends on: `ok`, or `ok, ` and what else there is to tell of it, or why not. */
export type Readiness = Readonly<Record<string, string>>;

const READY_WITHIN_MS = 5_000;

/** `/health`, `/ready` and `/metrics`: for those who run the platform, on every server. */
export function serviceEndpoints(server: {
  readonly ready: () => Promise<Readiness>;
  /** of the programs beside it, where this server tells of them */
  readonly programs?: (() => Promise<Readonly<Record<string, string>>>) | undefined;
  readonly metrics: Metrics;
  readonly isStopping: () => boolean;
}): Endpoint<never>[] {
  const words = z.record(z.string(), z.string());
  const state = z.object({ status: z.string(), checks: words, programs: words.optional() });
  return [
    openEndpoint({
      method: 'get',
      path: '/health',
      summary: 'The process is alive',
      auth: 'none',
      responses: { 200: z.object({ status: z.string() }) },
      handler: async () => ({ status: 200, body: { status: 'ok' } }),
    }),
    openEndpoint({
      method: 'get',
      path: '/ready',
      summary: 'What the server depends on answers; names what does not',
      auth: 'none',
      responses: { 200: state, 503: state },
      handler: async () => {
        const checks = server.isStopping() ? { server: 'stopping' } : await checked(server.ready);
        const ok = Object.values(checks).every((check) => check === 'ok' || check.startsWith('ok, '));
        const programs = ok && (await server.programs?.().catch(() => undefined));
        if (ok) return { status: 200, body: { status: 'ok', checks, ...(programs && { programs }) } };
        return { status: 503, headers: { 'retry-after': '2' }, body: { status: 'unavailable', checks } };
      },
    }),
    openEndpoint({
      method: 'get',
      path: '/metrics',
      summary: 'Prometheus',
      auth: 'none',
      responses: { 200: 'The text format of Prometheus' },
      handler: async () => ({
        status: 200,
        headers: { 'content-type': server.metrics.contentType },
        stream: async (res) => void res.write(await server.metrics.render()),
      }),
    }),
  ];
}

async function checked(ready: () => Promise<Readiness>): Promise<Record<string, string>> {
  try {
    return await within(READY_WITHIN_MS, ready(), () => ({ checks: 'no answer in time' }));
  } catch {
    return { checks: 'failed' };
  }
}
