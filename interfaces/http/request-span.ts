import type { SpanEnd } from '../../application/ports/tracing.ts';

/** How the span of a request ends, by OpenTelemetry's names where it has them. */
export const requestEnd = (request: {
  readonly service: string;
  readonly method: string;
  /** as declared: a request's own path could be anything */
  readonly route: string;
  readonly status: number;
  readonly requestId: string;
  readonly project?: string | undefined;
}): SpanEnd => ({
  name: `${request.method} ${request.route}`,
  attributes: {
    'http.request.method': request.method,
    'http.route': request.route,
    'http.response.status_code': request.status,
    'launchdb.service': request.service,
    'launchdb.correlation_id': request.requestId,
    'launchdb.project_id': request.project,
  },
  failure: request.status >= 500 ? String(request.status) : undefined,
});
