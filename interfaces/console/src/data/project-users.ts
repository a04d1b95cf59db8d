/** A project's users, as the owner reads them in the database. */
import { queryOptions } from '@tanstack/react-query';
import { sql } from '../api/sql.ts';

export interface ProjectUser {
  readonly id: string;
  readonly email: string | null;
  readonly phone: string | null;
  readonly appMetadata: unknown;
  readonly userMetadata: unknown;
}

const MOST = 50;
const USERS = `SELECT id, email, phone, raw_app_meta_data, raw_user_meta_data FROM auth.users
WHERE $1 = '' OR strpos(lower(concat_ws(' ', id, email, phone)), lower($1)) > 0
ORDER BY created_at DESC NULLS LAST, id LIMIT ${MOST}`;

/** The newest that have this in their address, number or id. */
export const usersLike = (project: string, search: string) =>
  queryOptions({
    queryKey: ['sql', project, 'users', search],
    queryFn: async ({ signal }): Promise<readonly ProjectUser[]> => {
      const { rows } = await sql(project, USERS, [search], signal);
      return rows.map(([id, email, phone, app, user]) => ({
        id: id as string,
        email: email as string | null,
        phone: phone as string | null,
        appMetadata: app,
        userMetadata: user,
      }));
    },
    placeholderData: (before) => before,
  });
