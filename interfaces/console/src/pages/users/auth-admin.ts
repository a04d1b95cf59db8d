/** A project's users, by the admin API of its auth service. */

/** Sends a request below `/project/<id>/auth/v1` with the service token, and throws an answer that is no success. */
export type Ask = (path: string, init?: RequestInit) => Promise<Response>;

export interface Identity {
  readonly identity_id: string;
  readonly provider: string;
  readonly email?: string;
  readonly last_sign_in_at?: string;
  readonly created_at?: string;
}

export interface Factor {
  readonly id: string;
  readonly factor_type: string;
  readonly friendly_name?: string;
  readonly status: 'verified' | 'unverified';
  readonly created_at: string;
}

export interface User {
  readonly id: string;
  readonly role: string;
  readonly email: string;
  readonly phone: string;
  readonly confirmed_at?: string;
  readonly email_confirmed_at?: string;
  readonly invited_at?: string;
  readonly new_email?: string;
  readonly last_sign_in_at?: string;
  readonly banned_until?: string;
  readonly deleted_at?: string;
  readonly created_at: string;
  readonly updated_at?: string;
  readonly is_anonymous: boolean;
  readonly app_metadata: Readonly<Record<string, unknown>>;
  readonly user_metadata: Readonly<Record<string, unknown>>;
  readonly identities: readonly Identity[];
  readonly factors?: readonly Factor[];
}

export interface Session {
  readonly id: string;
  readonly created_at: string;
  readonly refreshed_at?: string;
  readonly not_after?: string;
  readonly aal: string;
  readonly user_agent?: string;
  readonly ip?: string;
}

export interface Passkey {
  readonly id: string;
  readonly friendly_name?: string;
  readonly created_at: string;
  readonly last_used_at?: string;
}

export interface UserPage {
  readonly users: readonly User[];
  readonly total: number;
}

export const LINK_TYPES = ['magiclink', 'recovery', 'signup', 'invite'] as const;
export type LinkType = (typeof LINK_TYPES)[number];

export interface MadeLink {
  readonly action_link: string;
  readonly email_otp: string;
  readonly verification_type: string;
  readonly redirect_to: string;
}

type Body = Readonly<Record<string, unknown>>;

/** Every function throws what the request does: an ApiProblem with the code of the service. */
export const authAdmin = (ask: Ask) => {
  const call = (method: string, path: string, body?: Body): Promise<Response> =>
    ask(path, {
      method,
      headers: { 'x-supabase-api-version': '2024-01-01', 'content-type': 'application/json' },
      ...(body && { body: JSON.stringify(body) }),
    });
  const read = async <T>(method: string, path: string, body?: Body): Promise<T> =>
    (await (await call(method, path, body)).json()) as T;
  const of = (id: string) => `/admin/users/${encodeURIComponent(id)}`;

  return {
    /** newest first; @param page from 1 */
    async list({
      page,
      perPage,
      filter,
    }: {
      page: number;
      perPage: number;
      filter: string;
    }): Promise<UserPage> {
      const query = new URLSearchParams({ page: String(page), per_page: String(perPage), filter });
      const answer = await call('GET', `/admin/users?${query.toString()}`);
      const { users } = (await answer.json()) as { readonly users: readonly User[] };
      return { users, total: Number(answer.headers.get('x-total-count') ?? users.length) };
    },
    show: (id: string) => read<User>('GET', of(id)),
    create: (user: Body) => read<User>('POST', '/admin/users', user),
    change: (id: string, change: Body) => read<User>('PUT', of(id), change),
    /** @param softly the row stays, and does not say who it was */
    async remove(id: string, softly: boolean): Promise<void> {
      await call('DELETE', of(id), { should_soft_delete: softly });
    },
    invite: (email: string, data: Body = {}) => read<User>('POST', '/invite', { email, data }),
    /** A mail with a link by which they choose a new password. */
    async recover(email: string): Promise<void> {
      await call('POST', '/recover', { email });
    },
    link: (type: LinkType, email: string, more: { password?: string; redirect_to?: string } = {}) =>
      read<MadeLink>('POST', '/admin/generate_link', { type, email, ...more }),
    sessions: (id: string) => read<readonly Session[]>('GET', `${of(id)}/sessions`),
    /** @param session null: all of them */
    async endSessions(id: string, session: string | null): Promise<void> {
      await call('DELETE', `${of(id)}/sessions${session === null ? '' : `/${encodeURIComponent(session)}`}`);
    },
    async removeFactor(id: string, factor: string): Promise<void> {
      await call('DELETE', `${of(id)}/factors/${encodeURIComponent(factor)}`);
    },
    passkeys: (id: string) => read<readonly Passkey[]>('GET', `${of(id)}/passkeys`),
    async removePasskey(id: string, passkey: string): Promise<void> {
      await call('DELETE', `${of(id)}/passkeys/${encodeURIComponent(passkey)}`);
    },
  };
};
export type AuthAdmin = ReturnType<typeof authAdmin>;
