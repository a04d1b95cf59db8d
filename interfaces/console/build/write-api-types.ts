/**
 * openapi.json as the types that openapi-fetch reads: `paths`, in src/api/openapi-types.ts, which is never committed.
 * Written here because the tool for it needs the API that TypeScript 7 does not have yet (docs/decisions/0085).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly items?: Schema | false;
  readonly prefixItems?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly description?: string;
}
type Content = Readonly<Record<string, { readonly schema: Schema }>>;
interface Operation {
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required: boolean;
    readonly schema: Schema;
  }[];
  readonly requestBody?: { readonly required: boolean; readonly content: Content };
  readonly responses: Readonly<Record<string, { readonly $ref?: string; readonly content?: Content }>>;
}
interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const FOLDER = join(import.meta.dirname, '..');
const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'];
const PLACES = ['query', 'header', 'path', 'cookie'];
const PROBLEM = 'application/problem+json';

/** The text of the file, for the text of openapi.json. */
export function apiTypes(text: string): string {
  const { paths, components } = JSON.parse(text) as OpenApi;
  const named = Object.entries(components.schemas).map(([name, schema]) => `${name}: ${typeOf(schema)};`);
  const routes = Object.entries(paths).map(([path, item]) => `${JSON.stringify(path)}: ${pathItem(item)};`);
  return `// of openapi.json, by build/write-api-types.ts
export interface components { schemas: {\n${named.join('\n')}\n} }
export interface paths {\n${routes.join('\n')}\n}
`;
}

function pathItem(item: Readonly<Record<string, Operation>>): string {
  const members = METHODS.map((method) => {
    const operation = item[method];
    return operation ? `${method}: ${operationType(operation)};` : `${method}?: never;`;
  });
  return `{\nparameters: {${PLACES.map((place) => `${place}?: never;`).join(' ')}};\n${members.join('\n')}\n}`;
}

function operationType({ parameters = [], requestBody, responses }: Operation): string {
  const places = PLACES.map((place) => {
    const there = parameters.filter((one) => one.in === place);
    if (there.length === 0) return `${place}?: never;`;
    const needed = there.some(({ required }) => required);
    const fields = there.map(({ name, required, schema }) => field(name, schema, required));
    return `${place}${needed ? '' : '?'}: { ${fields.join(' ')} };`;
  });
  const body = requestBody
    ? `requestBody${requestBody.required ? '' : '?'}: { content: ${contentType(requestBody.content)} };`
    : 'requestBody?: never;';
  const answers = Object.entries(responses).map(([status, { $ref, content }]) => {
    const given =
      $ref === undefined ? content : { [PROBLEM]: { schema: { $ref: '#/components/schemas/Problem' } } };
    return `${status}: { headers: { [name: string]: unknown }; content${given ? '' : '?'}: ${given ? contentType(given) : 'never'} };`;
  });
  return `{\nparameters: { ${places.join(' ')} };\n${body}\nresponses: { ${answers.join('\n')} };\n}`;
}

const contentType = (content: Content): string =>
  `{ ${Object.entries(content)
    .map(([type, { schema }]) => `${JSON.stringify(type)}: ${typeOf(schema)};`)
    .join(' ')} }`;

function typeOf(schema: Schema): string {
  const { $ref, type, anyOf, oneOf, allOf } = schema;
  if ($ref !== undefined) return `components['schemas'][${JSON.stringify($ref.split('/').at(-1))}]`;
  if ('const' in schema) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(' | ') || 'never';
  const some = anyOf ?? oneOf;
  if (some) return `(${some.map(typeOf).join(' | ')})`;
  if (allOf) return `(${allOf.map(typeOf).join(' & ')})`;
  const types = typeof type === 'string' ? [type] : (type ?? []);
  return types.length === 0 ? 'unknown' : types.map((one) => plainType(one, schema)).join(' | ');
}

function plainType(type: string, schema: Schema): string {
  switch (type) {
    case 'integer':
      return 'number';
    case 'array':
      return arrayType(schema);
    case 'object':
      return objectType(schema);
    default:
      return type;
  }
}

function arrayType({ items, prefixItems }: Schema): string {
  if (prefixItems) return `[${prefixItems.map(typeOf).join(', ')}]`;
  return `(${items ? typeOf(items) : 'unknown'})[]`;
}

function objectType({ properties, required = [], additionalProperties }: Schema): string {
  const fields = Object.entries(properties ?? {}).map(([name, schema]) =>
    field(name, schema, required.includes(name)),
  );
  if (fields.length > 0) return `{ ${fields.join(' ')} }`;
  if (additionalProperties === false) return 'Record<string, never>';
  const values = typeof additionalProperties === 'object' ? typeOf(additionalProperties) : 'unknown';
  return `{ [name: string]: ${values} }`;
}

function field(name: string, schema: Schema, required: boolean): string {
  const doc =
    schema.description === undefined ? '' : `/** ${schema.description.replaceAll('*/', '* /')} */\n`;
  // a caller may hand on what it does not know: undefined is not sent
  return `${doc}${JSON.stringify(name)}${required ? '' : '?'}: ${typeOf(schema)}${required ? '' : ' | undefined'};\n`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const text = readFileSync(join(FOLDER, '..', '..', 'openapi.json'), 'utf8');
  writeFileSync(join(FOLDER, 'src', 'api', 'openapi-types.ts'), apiTypes(text));
}
