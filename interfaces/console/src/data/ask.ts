/** Questions of the catalogue, kept as answers of the platform are. */
import { queryOptions } from '@tanstack/react-query';
import { sql, type SqlResult } from '../api/sql.ts';
import * as catalogue from './catalogue.ts';
import type { Schema, Table, TableNames, TablePolicies, TableSummary } from './catalogue.ts';
import type { Query } from './read-rows.ts';

/** of what a project has, as other windows may change it */
const FRESH_MS = 10_000;

const found = async <T>(project: string, query: Query, signal: AbortSignal): Promise<T> =>
  (await sql(project, query.query, query.params, signal)).rows[0]?.[0] as T;

const asked = <T>(project: string, what: string, query: string, params: readonly string[] = []) =>
  queryOptions({
    queryKey: ['sql', project, what, ...params],
    queryFn: ({ signal }) => found<T>(project, { query, params }, signal),
    staleTime: FRESH_MS,
  });

export const tablesQuery = (project: string) =>
  asked<readonly TableSummary[]>(project, 'tables', catalogue.TABLES);
export const schemasQuery = (project: string) =>
  asked<readonly Schema[]>(project, 'schemas', catalogue.SCHEMAS);
/** null: there is no such table */
export const tableQuery = (project: string, schema: string, name: string) =>
  queryOptions({
    ...asked<Table | null>(project, 'table', catalogue.TABLE, [schema, name]),
    queryFn: async ({ signal }) =>
      (await found<Table | null | undefined>(
        project,
        { query: catalogue.TABLE, params: [schema, name] },
        signal,
      )) ?? null,
  });
export const completionsQuery = (project: string) =>
  asked<readonly TableNames[]>(project, 'completions', catalogue.COMPLETIONS);
export const policiesQuery = (project: string) =>
  asked<readonly TablePolicies[]>(project, 'policies', catalogue.ALL_POLICIES);
export const typeNamesQuery = (project: string, oids: readonly number[]) =>
  asked<Readonly<Record<string, string>>>(project, 'types', catalogue.TYPE_NAMES, [`{${oids.join()}}`]);

/** Everything that is known of the project's database: after a change of its schema. */
export const OF_DATABASE = (project: string) => ({ queryKey: ['sql', project] });

export const run = (project: string, { query, params }: Query, signal?: AbortSignal): Promise<SqlResult> =>
  sql(project, query, params, signal);
