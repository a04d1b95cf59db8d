/** A platform whose projects have users, as the auth section needs it. */
import { projectId, type ProjectId } from '../../domain/project/project-id.ts';
import { Argon2Passwords } from '../../infrastructure/crypto/argon2-passwords.ts';
import type { PlatformUnderTest } from '../acceptance/platform-under-test.ts';
import type { SignedInUser } from './bare-users.ts';
import { newName, ownerOf } from './bench-project.ts';
import { answerOf } from './keep-asking.ts';
import { residentMib } from './process-memory.ts';
import type { Context } from './section.ts';
import { pidOf, separatePlatform } from './separate-platform.ts';

export const PASSWORD = 'correct horse battery';

export interface Session {
  readonly accessToken: string;
  readonly refreshToken: string;
}

interface SessionAnswer {
  readonly access_token: string;
  readonly refresh_token: string;
}

export class AuthPlatform {
  readonly platform: PlatformUnderTest;
  readonly #hash: string;

  private constructor(platform: PlatformUnderTest, hash: string) {
    this.platform = platform;
    this.#hash = hash;
  }

  /** @param projects so many have sessions at a time */
  static async of(context: Context, projects: number): Promise<AuthPlatform> {
    const platform = await separatePlatform(context, {
      POSTGRES_MAX_CONNECTIONS: String(200 + projects * 12),
    });
    return new AuthPlatform(platform, await new Argon2Passwords().hash(PASSWORD));
  }

  /** Users come by SQL, all with one hash: an address signs up so many in an hour only. */
  async project(users: number): Promise<ProjectId> {
    const { body } = await this.platform.call<{ id: string }>('POST', '/api/projects', {
      token: await ownerOf(this.platform),
      body: { name: newName() },
    });
    const id = projectId(body.id);
    await this.platform.sql(
      `INSERT INTO auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at,
         raw_app_meta_data, raw_user_meta_data, created_at, updated_at)
       SELECT '00000000-0000-0000-0000-000000000000', gen_random_uuid(), 'authenticated', 'authenticated',
         'user' || n || '@example.com', $1, now(), '{"provider":"email","providers":["email"]}', '{}', now(), now()
       FROM generate_series(0, $2::int - 1) n`,
      [this.#hash, users],
      id,
    );
    await this.platform.sql(
      `INSERT INTO auth.identities (provider_id, user_id, identity_data, provider, created_at, updated_at)
       SELECT id::text, id, jsonb_build_object('sub', id, 'email', email), 'email', now(), now() FROM auth.users`,
      [],
      id,
    );
    await this.platform.sql('ANALYZE auth.users, auth.identities', [], id);
    return id;
  }

  /** at the service itself, without the gateway */
  url(id: ProjectId, path: string): string {
    return `http://127.0.0.1:${this.platform.environment['AUTH_PORT']}/project/${id}/auth/v1${path}`;
  }

  async signIn(id: ProjectId, user: number): Promise<Session> {
    const body = { email: `user${user}@example.com`, password: PASSWORD, gotrue_meta_security: {} };
    return sessionOf(await answerOf(this.url(id, '/token?grant_type=password'), { method: 'POST', body }));
  }

  async refresh(id: ProjectId, refreshToken: string): Promise<Session> {
    const body = { refresh_token: refreshToken };
    return sessionOf(
      await answerOf(this.url(id, '/token?grant_type=refresh_token'), { method: 'POST', body }),
    );
  }

  getUser(id: ProjectId, { accessToken }: Session): Promise<unknown> {
    const headers = { authorization: `Bearer ${accessToken}` };
    return answerOf(this.url(id, '/user'), { method: 'GET', headers });
  }

  /** What the auth service's process holds. */
  residentMib(): Promise<number> {
    return residentMib(pidOf(this.platform, 'auth'));
  }
}

const sessionOf = ({ access_token: accessToken, refresh_token: refreshToken }: SessionAnswer): Session => ({
  accessToken,
  refreshToken,
});

/** What the token says, unread by any key. */
export function signedIn({ accessToken, refreshToken }: Session): SignedInUser {
  const [, payload = ''] = accessToken.split('.');
  const { sub, session_id: sessionId } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as {
    sub: string;
    session_id: string;
  };
  return { sub, sessionId, refreshToken };
}
