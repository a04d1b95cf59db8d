import { docsPage, DOCS_CONTENT_SECURITY_POLICY } from './docs-page.ts';
import { openEndpoint, type Endpoint } from './endpoint.ts';
import { openapiText, type DocumentInfo } from './openapi.ts';

/** `/openapi.json` and `/docs`, about the given endpoints. */
export function documentEndpoints<E extends Endpoint>(
  endpoints: readonly E[],
  info: DocumentInfo<E>,
): Endpoint<never>[] {
  const document = openapiText(endpoints, info);
  const page = docsPage(endpoints, info);
  return [
    text('/openapi.json', 'The OpenAPI 3.1 document', document, { 'content-type': 'application/json' }),
    text('/docs', 'This API for people', page, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': DOCS_CONTENT_SECURITY_POLICY,
    }),
  ];
}

const text = (
  path: string,
  summary: string,
  body: string,
  headers: Record<string, string>,
): Endpoint<never> =>
  openEndpoint({
    method: 'get',
    path,
    summary,
    auth: 'none',
    responses: { 200: summary },
    handler: async () => ({ status: 200, headers, stream: async (res) => void res.write(body) }),
  });
