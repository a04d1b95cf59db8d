/** The OpenAPI 3.1 document, from the same schemas that validate. The same endpoints give the same bytes. */
import { z } from 'zod';
import { DEPENDENCIES } from '../../application/errors.ts';
import { typesOf, type Body, type NoBody } from './body.ts';
import type { Endpoint } from './endpoint.ts';
import { PROBLEMS } from './problem-table.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type JsonObject = { readonly [key: string]: Json };

export interface DocumentInfo<E extends Endpoint = Endpoint> {
  readonly title: string;
  readonly version: string;
  readonly description?: string;
  /** the ways of proving oneself, as OpenAPI describes them */
  readonly securitySchemes: JsonObject;
  /** any of them is good for the endpoint; none: it is open to anybody */
  readonly securityOf: (endpoint: E) => readonly Json[];
}

export interface OpenApiDocument extends JsonObject {
  readonly openapi: '3.1.0';
  readonly paths: JsonObject;
}

const PROBLEM_RESPONSE = { $ref: '#/components/responses/Problem' };

export function openapiDocument<E extends Endpoint>(
  endpoints: readonly E[],
  { securitySchemes, securityOf, ...info }: DocumentInfo<E>,
): OpenApiDocument {
  const sorted = endpoints.toSorted((a, b) => compare(keyOf(a), keyOf(b)));
  const paths: Record<string, Record<string, Json>> = {};
  for (const endpoint of sorted) {
    const path = openapiPath(endpoint.path);
    paths[path] = { ...paths[path], [endpoint.method]: operation(endpoint, securityOf(endpoint)) };
  }
  return { openapi: '3.1.0', info, paths, components: { securitySchemes, ...COMPONENTS } };
}

/** The document as it is served and committed. */
export const openapiText = <E extends Endpoint>(endpoints: readonly E[], info: DocumentInfo<E>): string =>
  `${JSON.stringify(openapiDocument(endpoints, info), undefined, 2)}\n`;

/** `/api/projects/:id` as `/api/projects/{id}` */
export const openapiPath = (path: string): string => path.replaceAll(/:(\w+)/g, '{$1}');

const keyOf = ({ path, method }: Endpoint): string => `${path} ${method}`;
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function operation(endpoint: Endpoint, security: readonly Json[]): JsonObject {
  const { summary, description, tags, body, responses } = endpoint;
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
    security,
    ...(parameters.length > 0 && { parameters }),
    ...(body.kind !== 'none' && { requestBody: requestBody(body) }),
    responses: {
      ...Object.fromEntries(Object.entries(responses).map(([status, reply]) => [status, response(reply)])),
      default: PROBLEM_RESPONSE,
    },
  };
}

/** `get-api-projects-id` */
const operationId = ({ method, path }: Endpoint): string =>
  `${method}${path.replaceAll(/[^a-zA-Z0-9]+/g, '-')}`.replace(/-$/, '');

function requestBody(body: Exclude<Body, NoBody>): JsonObject {
  const isJson = body.kind === 'json';
  const schema = isJson ? jsonSchema(body.schema) : {};
  return {
    required: !isJson || !body.schema.safeParse(undefined).success,
    content: Object.fromEntries(typesOf(body).map((type) => [type, { schema }])),
  };
}

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
        away: {
          type: 'string',
          description: 'Of 503: which part of the platform is away or slow, by the names of /ready.',
          enum: [...DEPENDENCIES],
        },
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
