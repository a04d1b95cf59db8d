import { expect, test } from 'vitest';
import { apiTypes } from './write-api-types.ts';

const schema = (given: object) => ({ content: { 'application/json': { schema: given } } });
const documentOf = (body: object) => ({
  components: {
    schemas: { Problem: { type: 'object', required: ['title'], properties: { title: { type: 'string' } } } },
  },
  paths: {
    '/api/things/{id}': {
      post: {
        parameters: [
          { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
          { name: 'if-match', in: 'header', required: false, schema: { type: 'string' } },
        ],
        requestBody: { required: false, ...schema(body) },
        responses: { 204: { description: 'done' }, default: { $ref: '#/components/responses/Problem' } },
      },
    },
  },
});
const typeOf = (body: object) =>
  /requestBody\?: \{ content: \{ "application\/json": (.*?); \} \};\nresponses/s.exec(
    apiTypes(JSON.stringify(documentOf(body))),
  )?.[1];

test.each([
  [{ type: 'integer', minimum: 1 }, 'number'],
  [{ type: ['number', 'null'] }, 'number | null'],
  [{ enum: ['a', "it's", null] }, '"a" | "it\'s" | null'],
  [{ const: 422 }, '422'],
  [{ type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'null' }] } }, '((string | null))[]'],
  [{ type: 'array', prefixItems: [{ type: 'string' }, {}] }, '[string, unknown]'],
  [{ type: 'object', additionalProperties: { type: 'boolean' } }, '{ [name: string]: boolean }'],
  [{ type: 'object', additionalProperties: false }, 'Record<string, never>'],
  [{ type: 'object' }, '{ [name: string]: unknown }'],
  [{}, 'unknown'],
])('%j', (given, type) => {
  expect(typeOf(given)).toBe(type);
});

test('what may be left out may be undefined, and a comment does not end early', () => {
  const text = typeOf({
    type: 'object',
    required: ['name'],
    properties: { name: { type: 'string' }, 'a-b': { type: 'string', description: 'ends */ here' } },
  });
  expect(text).toContain('"name": string;');
  expect(text).toContain('/** ends * / here */\n"a-b"?: string | undefined;');
});

test('a route says what it takes and what it answers', () => {
  const text = apiTypes(JSON.stringify(documentOf({})));
  expect(text).toContain('"/api/things/{id}": {');
  expect(text).toMatch(/path: \{ "id": string;/);
  expect(text).toMatch(/header\?: \{ "if-match"\?: string \| undefined;/);
  expect(text).toMatch(/204: \{ headers: [^}]*\}; content\?: never \};/);
  expect(text).toContain(
    `default: { headers: { [name: string]: unknown }; content: { "application/problem+json": components['schemas']["Problem"]; } };`,
  );
  expect(text).toContain('get?: never;');
});
