/** What a request may set of a project's REST API. */
import { z } from 'zod';
import type { SchemaChanges } from '../../application/ports/schema-changes.ts';
import {
  DATA_API_DEFAULTS,
  DATA_API_ROUTES,
  type DataApiChange,
} from '../../domain/project/data-api-settings.ts';
import type { ExistingProject } from '../../domain/project/project.ts';
import { invalidRequest } from '../http/problems.ts';
import { TX_ENDS } from './project-view.ts';

const MOST_SCHEMAS = 20;
/** before the door gives a request up */
const LONGEST_STATEMENT_S = 100;

const identifier = z.string().regex(/^[a-z_][a-z0-9_]{0,62}$/, 'a plain lower-case schema name');
const isSystemSchema = (name: string) => /^pg_|^information_schema$|^launchdb(_rest)?$/.test(name);
const schemaList = z
  .array(identifier)
  .max(MOST_SCHEMAS)
  .refine((names) => new Set(names).size === names.length, 'each once')
  .refine((names) => !names.some(isSystemSchema), 'not a system schema');

const { statementTimeoutS, txEnd, extraSearchPath } = DATA_API_DEFAULTS;

export const settings = z.strictObject({
  data_api: z.strictObject({
    max_rows: z.int().min(1).max(100_000).nullish(),
    schemas: schemaList
      // supabase-js always asks for `public`
      .refine((names) => names.includes('public'), 'with public')
      .nullish()
      .describe('Those that the REST API shows; they have to be there.'),
    statement_timeout_s: z
      .number()
      .min(1)
      .max(LONGEST_STATEMENT_S)
      .nullish()
      .describe(`Of a request's statement; ${statementTimeoutS} by default.`),
    aggregates: z.boolean().nullish().describe('count(), sum() and the like in select.'),
    explain: z.boolean().nullish().describe('Plans, for Accept: application/vnd.pgrst.plan.'),
    tx_end: z.enum(TX_ENDS).nullish().describe(`What Prefer: tx=... may say; ${txEnd} by default.`),
    extra_search_path: schemaList
      .nullish()
      .describe(`Schemas that are looked into, but not shown; ${extraSearchPath.join(', ')} by default.`),
    route: z
      .enum(DATA_API_ROUTES)
      .nullish()
      .describe(
        'By which way the REST API comes to its database: through the pooler, or straight to PostgreSQL with prepared statements; it holds as many connections either way. As the platform has it by default.',
      ),
  }),
});

export const dataApiChange = (body: z.output<typeof settings>['data_api']): DataApiChange => ({
  maxRows: body.max_rows,
  schemas: body.schemas,
  statementTimeoutS: body.statement_timeout_s,
  aggregates: body.aggregates,
  explain: body.explain,
  txEnd: body.tx_end,
  extraSearchPath: body.extra_search_path,
  route: body.route,
});

/** There is a way for it. @throws {RequestProblem} */
export function requireRoute(hasDirectRoute: boolean, wanted: DataApiChange['route']): void {
  if (wanted !== 'direct' || hasDirectRoute) return;
  const detail =
    'REST APIs of this platform do not reach PostgreSQL but through the pooler; its operator can change that (DATA_API_DIRECT_HOST).';
  throw invalidRequest([{ pointer: '/body/settings/data_api/route', detail }]);
}

/** Schemas that are new in the settings are there. @throws {RequestProblem} @throws {Unavailable} */
export async function requireSchemas(
  schemas: Pick<SchemaChanges, 'existing'>,
  { id, status, dataApi }: ExistingProject,
  wanted: DataApiChange['schemas'],
): Promise<void> {
  const asked = (wanted ?? []).filter((name) => !dataApi.schemas.includes(name));
  // one that is paused is closed: what is missing then is left out when it comes back
  if (asked.length === 0 || status === 'paused') return;
  const existing = await schemas.existing(id, asked);
  const missing = asked.filter((name) => !existing.includes(name));
  if (missing.length === 0) return;
  const detail = `The database has no schema ${missing.join(', ')}; make it first (CREATE SCHEMA).`;
  throw invalidRequest([{ pointer: '/body/settings/data_api/schemas', detail }]);
}
