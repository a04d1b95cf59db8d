import { expect, test } from 'vitest';
import { z } from 'zod';
import { docsPage } from './docs-page.ts';
import { multipart, stream } from './body.ts';
import { endpointsFor } from './endpoint.ts';
import { openapiDocument } from './openapi.ts';
import { PROBLEMS } from './problem-table.ts';

const endpoint = endpointsFor<{ key: object }>({});
const INFO = {
  title: 'T',
  version: '1',
  securitySchemes: { key: { type: 'http' } },
  securityOf: ({ auth }: { readonly auth: string }) => (auth === 'none' ? [] : [{ [auth]: [] }]),
};

const endpoints = [
  endpoint({
    method: 'post',
    path: '/api/things/:id',
    summary: 'Change <b>a thing</b>',
    auth: 'key',
    params: z.object({ id: z.string() }),
    query: z.object({ dry: z.stringbool().optional() }),
    headers: z.object({ 'if-match': z.string().optional() }),
    body: z.object({
      name: z
        .string()
        .min(3)
        .transform((name) => name.trim()),
    }),
    responses: { 200: z.object({ at: z.iso.datetime() }), 204: 'nothing to do' },
    handler: async () => ({ status: 204 }),
  }),
  endpoint({
    method: 'get',
    path: '/api/things',
    summary: 'List',
    auth: 'none',
    responses: { 200: z.array(z.string()) },
    handler: async () => ({ status: 200, body: [] }),
  }),
  endpoint({
    method: 'put',
    path: '/api/things/:id/file',
    summary: 'Keep a file',
    auth: 'key',
    params: z.object({ id: z.string() }),
    body: stream(1_000, ['image/png', 'image/webp']),
    responses: { 204: 'kept' },
    handler: async () => ({ status: 204 }),
  }),
  endpoint({
    method: 'post',
    path: '/api/forms',
    summary: 'Keep a form',
    auth: 'key',
    body: multipart(1_000, () => 1),
    responses: { 204: 'kept' },
    handler: async () => ({ status: 204 }),
  }),
];

test('the document says what the schemas say', () => {
  const { paths } = openapiDocument(endpoints, INFO);
  expect(paths).toMatchObject({
    '/api/things': { get: { security: [], operationId: 'get-api-things' } },
    '/api/things/{id}': {
      post: {
        security: [{ key: [] }],
        parameters: [
          { name: 'id', in: 'path', required: true },
          { name: 'dry', in: 'query', required: false },
          { name: 'if-match', in: 'header', required: false },
        ],
        requestBody: {
          required: true,
          content: {
            'application/json': {
              schema: { properties: { name: { type: 'string', minLength: 3 } }, additionalProperties: false },
            },
          },
        },
        responses: { 204: { description: 'nothing to do' }, default: {} },
      },
    },
    '/api/things/{id}/file': {
      put: { requestBody: { required: true, content: { 'image/png': {}, 'image/webp': {} } } },
    },
    '/api/forms': { post: { requestBody: { required: true, content: { 'multipart/form-data': {} } } } },
  });
});

test('the same endpoints in another order give the same bytes', () => {
  expect(JSON.stringify(openapiDocument(endpoints.toReversed(), INFO))).toBe(
    JSON.stringify(openapiDocument(endpoints, INFO)),
  );
});

test('the page has an anchor for every problem, and nothing of a summary is markup', () => {
  const page = docsPage(endpoints, INFO);
  for (const code of Object.keys(PROBLEMS)) expect(page).toContain(`id="${code}"`);
  expect(page).toContain('&lt;b&gt;');
  expect(page).not.toContain('<b>');
  expect(page).not.toMatch(/<script|https?:\/\//);
});
