/** The users of the project whose page this is, as they are kept and asked for. */
import { keepPreviousData, queryOptions } from '@tanstack/react-query';
import { useMemo } from 'react';
import { asService } from '../../api/service-token.ts';
import { sqlRows } from '../../api/sql.ts';
import { useProjectId } from '../../way/project-id.ts';
import { authAdmin, type AuthAdmin } from './auth-admin.ts';

export const PER_PAGE = 50;

export function useUsers() {
  const project = useProjectId();
  return useMemo(() => {
    const admin = authAdmin((path, init) => asService(project, 'auth', `/auth/v1${path}`, init));
    return { project, admin, ...queriesOf(project, admin) };
  }, [project]);
}

const queriesOf = (project: string, admin: AuthAdmin) => ({
  list: (page: number, filter: string) =>
    queryOptions({
      queryKey: ['users', project, 'list', page, filter],
      queryFn: () => admin.list({ page, perPage: PER_PAGE, filter }),
      placeholderData: keepPreviousData,
    }),
  one: (id: string) =>
    queryOptions({ queryKey: ['users', project, 'one', id], queryFn: () => admin.show(id) }),
  sessions: (id: string) =>
    queryOptions({ queryKey: ['users', project, 'sessions', id], queryFn: () => admin.sessions(id) }),
  passkeys: (id: string) =>
    queryOptions({ queryKey: ['users', project, 'passkeys', id], queryFn: () => admin.passkeys(id) }),
  activity: (id: string) =>
    queryOptions({
      queryKey: ['users', project, 'activity', id],
      queryFn: ({ signal }) => sqlRows<Activity>(project, ACTIVITY, [id], signal),
    }),
});

export interface Activity {
  readonly at: string;
  readonly action: string;
  readonly actor: string;
  readonly ip: string;
}

const ACTIVITY = `SELECT to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS at,
  payload ->> 'action' AS action, payload ->> 'actor_username' AS actor, ip_address AS ip
  FROM auth.audit_log_entries
  WHERE payload ->> 'actor_id' = $1 OR payload -> 'traits' ->> 'user_id' = $1
  ORDER BY created_at DESC LIMIT 50`;
