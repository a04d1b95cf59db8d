/** What the storage service's answers tell its operator: counted when they are given, so no use case knows of metrics. */
import type { ObjectStore, StoredBytes } from '../../application/ports/object-store.ts';
import { ImageRefused, type ImageTransformer } from '../../application/ports/image-transformer.ts';
import type { PictureOutcome, StorageMetrics } from '../../application/ports/storage-metrics.ts';
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

/** The same pictures, by what became of them. */
export const countedImages = (images: ImageTransformer, metrics: StorageMetrics): ImageTransformer => ({
  transform: async (...asked) => {
    const from = performance.now();
    let outcome: PictureOutcome = 'failed';
    try {
      const made = await images.transform(...asked);
      outcome = 'changed';
      return made;
    } catch (error) {
      if (error instanceof ImageRefused) outcome = error.fault;
      throw error;
    } finally {
      metrics.picture(outcome, performance.now() - from);
    }
  },
  forget: (project) => images.forget(project),
});

/** The same store, what comes into it counted, by whatever protocol. */
export function countedBytes(store: ObjectStore, metrics: StorageMetrics): ObjectStore {
  const counted = async (putting: Promise<StoredBytes>): Promise<StoredBytes> => {
    const stored = await putting;
    metrics.moved('in', stored.size);
    return stored;
  };
  return {
    put: (...asked) => counted(store.put(...asked)),
    putFile: (...asked) => counted(store.putFile(...asked)),
    open: (...asked) => store.open(...asked),
    digest: (...asked) => store.digest(...asked),
    remove: (...asked) => store.remove(...asked),
    removeAll: (...asked) => store.removeAll(...asked),
    list: (...asked) => store.list(...asked),
    projects: (...asked) => store.projects(...asked),
  };
}
