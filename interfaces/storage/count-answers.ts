/** What the storage service's answers tell its operator: counted when they are given, so no use case knows of metrics. */
import type { ObjectStore } from '../../application/ports/object-store.ts';
import type { StorageMetrics } from '../../application/ports/storage-metrics.ts';
import type { Endpoint, EndpointRequest, Stream } from '../http/endpoint.ts';
import type { ErrorBody } from '../http/error-body.ts';

/** The same errors, counted by the code that the client reads. */
export const countedErrors =
  (errorBody: ErrorBody, metrics: StorageMetrics): ErrorBody =>
  (problem, asked) => {
    const answer = errorBody(problem, asked);
    metrics.refused((JSON.parse(answer.body) as { readonly code: string }).code);
    return answer;
  };

/** The same endpoints, what they send counted. */
export const countedEndpoints = <E extends Endpoint>(
  endpoints: readonly E[],
  metrics: StorageMetrics,
): readonly E[] =>
  endpoints.map((endpoint) => ({
    ...endpoint,
    handler: async (request: EndpointRequest) => {
      const reply = await endpoint.handler(request);
      if (!('stream' in reply)) return reply;
      const bytes = Number(reply.headers?.['content-length'] ?? 0);
      const stream: Stream = async (res, signal) => {
        await reply.stream(res, signal);
        metrics.moved('out', bytes);
      };
      return { ...reply, stream };
    },
  }));

/** The same store, what comes into it counted, by whatever protocol. */
export const countedBytes = (store: ObjectStore, metrics: StorageMetrics): ObjectStore => ({
  put: async (...asked) => {
    const stored = await store.put(...asked);
    metrics.moved('in', stored.size);
    return stored;
  },
  open: (...asked) => store.open(...asked),
  digest: (...asked) => store.digest(...asked),
  remove: (...asked) => store.remove(...asked),
  removeAll: (...asked) => store.removeAll(...asked),
  list: (...asked) => store.list(...asked),
  projects: (...asked) => store.projects(...asked),
});
