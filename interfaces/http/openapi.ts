/** The OpenAPI 3.1 document, from the same schemas that validate. The same endpoints give the same bytes. */
import { z } from 'zod';
import { scopesOf } from './authenticate.ts';
import type { Endpoint } from './endpoint.ts';
import { PROBLEMS } from './problem-table.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type JsonObject = { readonly [key: string]: Json };

export interface DocumentInfo {
  readonly title: string;
  readonly version: string;
  readonly description?: string;
}

export interface OpenApiDocument extends JsonObject {
  readonly openapi: '3.1.0';
  readonly paths: JsonObject;
}

const INFO: DocumentInfo = { title: 'LaunchDB', version: '1' };
const SECURITY = {
  none: [],
  session: [{ accessToken: [] }],
  internal: [{ internalKey: [] }],
};
const PROBLEM_RESPONSE = { $ref: '#/components/responses/Problem' };

export function openapiDocument(endpoints: readonly Endpoint[], info: DocumentInfo = INFO): OpenApiDocument {
  const sorted = endpoints.toSorted((a, b) => compare(keyOf(a), keyOf(b)));
  const paths: Record<string, Record<string, Json>> = {};
  for (const endpoint of sorted) {
    const path = openapiPath(endpoint.path);
    paths[path] = { ...paths[path], [endpoint.method]: operation(endpoint) };
  }
  return { openapi: '3.1.0', info: { ...info }, paths, components: COMPONENTS };
}

/** The document as it is served and committed. */
export const openapiText = (endpoints: readonly Endpoint[], info: DocumentInfo = INFO): string =>
  `${JSON.stringify(openapiDocument(endpoints, info), undefined, 2)}\n`;

/** `/api/projects/:id` as `/api/projects/{id}` */
export const openapiPath = (path: string): string => path.replaceAll(/:(\w+)/g, '{$1}');

const keyOf = ({ path, method }: Endpoint): string => `${path} ${method}`;
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function operation(endpoint: Endpoint): JsonObject {
  const { summary, description, tags, body, responses, auth } = endpoint;
  const parameters = [
    ...parametersIn('path', endpoint.params),
    ...parametersIn('query', endpoint.query),
    ...parametersIn('header', endpoint.headers),
  ];
  return {
    operationId: operationId(endpoint),
    summary,
    ...(description !== undefined && { description }),
    tags,
    // of a bearer token the list holds the scopes that it needs (OpenAPI 3.1)
    security:
      auth === 'owner' ? [{ accessToken: [] }, { personalToken: scopesOf(endpoint) }] : SECURITY[auth],
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: requestBody(body) }),
    responses: {
      ...Object.fromEntries(Object.entries(responses).map(([status, reply]) => [status, response(reply)])),
      default: PROBLEM_RESPONSE,
    },
  };
}

/** `get-api-projects-id` */
const operationId = ({ method, path }: Endpoint): string =>
  `${method}${path.replaceAll(/[^a-zA-Z0-9]+/g, '-')}`.replace(/-$/, '');

const requestBody = (body: z.ZodType): JsonObject => ({
  required: !body.safeParse(undefined).success,
  content: { 'application/json': { schema: jsonSchema(body) } },
});

const response = (reply: z.ZodType | string): JsonObject =>
  typeof reply === 'string'
    ? { description: reply }
    : {
        description: reply.description ?? 'Success',
        content: { 'application/json': { schema: jsonSchema(reply) } },
      };

function parametersIn(place: 'path' | 'query' | 'header', schema: z.ZodObject): JsonObject[] {
  return Object.entries(schema.shape as Record<string, z.ZodType>).map(([name, field]) => ({
    name,
    in: place,
    required: place === 'path' || !field.safeParse(undefined).success,
    ...(field.description !== undefined && { description: field.description }),
    schema: jsonSchema(field),
  }));
}

function jsonSchema(schema: z.ZodType): JsonObject {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest as JsonObject;
}

const COMPONENTS: JsonObject = {
  securitySchemes: {
    accessToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' },
    internalKey: { type: 'apiKey', in: 'header', name: 'X-Internal-API-Key' },
    personalToken: { type: 'http', scheme: 'bearer', bearerFormat: 'ldb_...' },
  },
  responses: {
    Problem: {
      description: 'A problem (RFC 9457)',
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    },
  },
  schemas: {
    Problem: {
      type: 'object',
      required: ['type', 'title', 'status', 'detail', 'instance'],
      properties: {
        type: {
          type: 'string',
          description: 'What kind of problem; it leads to its explanation.',
          enum: Object.keys(PROBLEMS).map((code) => `/docs#${code}`),
        },
        title: { type: 'string' },
        status: { type: 'integer' },
        detail: { type: 'string' },
        instance: {
          type: 'string',
          description: 'The id of the request, as in X-Request-Id and in the log.',
        },
        errors: {
          type: 'array',
          items: {
            type: 'object',
            required: ['pointer', 'detail'],
            properties: { pointer: { type: 'string' }, detail: { type: 'string' } },
          },
        },
      },
    },
  },
};
