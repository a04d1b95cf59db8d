/** How programs reach a project, ready to be pasted. */
export interface Reached {
  readonly apiUrl: string;
  readonly anonKey: string;
  /** null: not from outside */
  readonly uri: string | null;
  readonly pooledUri: string | null;
}

export interface Snippet {
  readonly value: string;
  readonly label: string;
  readonly code: string;
}

export function snippetsOf({ apiUrl, anonKey, uri, pooledUri }: Reached): readonly Snippet[] {
  return [
    { value: 'js', label: 'supabase-js', code: supabaseJs(apiUrl, anonKey) },
    { value: 'curl', label: 'curl', code: `curl '${apiUrl}/rest/v1/todos' \\\n  -H 'apikey: ${anonKey}'` },
    ...(uri === null ? [] : [{ value: 'psql', label: 'psql', code: `psql '${uri}'` }]),
    ...(uri === null ? [] : [{ value: 'prisma', label: 'Prisma', code: prisma(uri, pooledUri) }]),
    ...(uri === null ? [] : [{ value: 'python', label: 'Python', code: python(pooledUri ?? uri) }]),
  ];
}

const supabaseJs = (
  apiUrl: string,
  anonKey: string,
): string => `import { createClient } from '@supabase/supabase-js';

const client = createClient(
  '${apiUrl}',
  '${anonKey}',
);
const { data, error } = await client.from('todos').select();`;

const prisma = (uri: string, pooledUri: string | null): string => `# .env
DATABASE_URL="${pooledUri ?? uri}"
DIRECT_URL="${uri}"

// prisma.config.ts: migrations need a session
export default defineConfig({
  datasource: { url: env('DIRECT_URL') },
});`;

const python = (uri: string): string => `import psycopg

with psycopg.connect("${uri}") as connection:
    print(connection.execute("SELECT now()").fetchone())`;
