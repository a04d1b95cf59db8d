import { queryOptions } from '@tanstack/react-query';
import { useMemo } from 'react';
import { api, dataOf } from '../../api/api.ts';
import { useProjectId } from '../../way/project-id.ts';

/** The project whose page this is, and what is asked of its migrations. */
export function useMigrations() {
  const project = useProjectId();
  return useMemo(() => ({ project, ...queriesOf(project) }), [project]);
}

const queriesOf = (project: string) => ({
  all: queryOptions({
    queryKey: ['migrations', project],
    queryFn: ({ signal }) =>
      dataOf(api.GET('/api/projects/{id}/migrations', { params: { path: { id: project } }, signal })),
  }),
  one: (version: number) =>
    queryOptions({
      queryKey: ['migrations', project, version],
      queryFn: ({ signal }) =>
        dataOf(
          api.GET('/api/projects/{id}/migrations/{version}', {
            params: { path: { id: project, version } },
            signal,
          }),
        ),
    }),
});

type Migrations = ReturnType<typeof queriesOf>['all'];
type Answer = Awaited<ReturnType<NonNullable<Exclude<Migrations['queryFn'], symbol>>>>;
export type Applied = Answer['migrations'][number];
export type Attempt = Answer['history'][number];

export interface SqlFile {
  readonly name: string;
  readonly sql: string;
}

/** @throws {ApiProblem} 422: which file PostgreSQL refused, and where */
export const applyFiles = (project: string, files: readonly SqlFile[], dryRun: boolean) =>
  dataOf(
    api.POST('/api/projects/{id}/migrations', {
      params: { path: { id: project } },
      body: { migrations: [...files], dry_run: dryRun, statement_timeout_ms: 30_000, lock_timeout_ms: 3_000 },
    }),
  );
export type Results = Awaited<ReturnType<typeof applyFiles>>['results'];
