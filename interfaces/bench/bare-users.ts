/** What the auth service asks of a project's database, asked by nothing but the driver. */
import pg from 'pg';
import { refreshSession } from '../../application/auth/refresh-session.ts';
import { requirePerson } from '../../application/auth/person.ts';
import type { AuthDependencies } from '../../application/auth/auth-dependencies.ts';
import type { AuthProject } from '../../application/auth/auth-project.ts';
import type { UserTransaction } from '../../application/ports/user-directory.ts';
import { AUTH_DEFAULTS, NO_AUTH_SECRETS } from '../../domain/auth/auth-settings.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { transactionOf } from '../../infrastructure/auth/pg-user-directory.ts';
import { JoseUserTokens } from '../../infrastructure/crypto/jose-user-tokens.ts';
import { SystemClock } from '../../infrastructure/process/system-clock.ts';

const clock = new SystemClock();

interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** A user as the service knows them: ids of a token, and the next refresh token. */
export interface SignedInUser {
  readonly sub: string;
  readonly sessionId: string;
  readonly refreshToken: string;
}

export type Work = (rows: UserTransaction, user: SignedInUser) => Promise<unknown>;

export const getUser: Work = async (rows, { sub, sessionId }) => {
  const shown = { sub, sessionId, role: undefined, aal: undefined, claims: {} };
  await requirePerson(rows, shown, clock.now());
};

/** Without the use case's own transaction: the statements are what counts. */
export const refresh =
  (id: ProjectId): Work =>
  async (rows, { refreshToken }) => {
    const project: AuthProject = {
      id,
      url: 'http://bench',
      siteUrl: 'http://bench',
      settings: AUTH_DEFAULTS,
      secrets: NO_AUTH_SECRETS,
      keys: {
        project: id,
        jwtSecrets: ['a secret of thirty-two characters'],
        publicKeys: [],
        signingKey: null,
      },
    };
    // what else it is given has no part in its statements
    const deps = {
      directory: { with: (_: unknown, work: (given: UserTransaction) => unknown) => work(rows) },
      tokens: new JoseUserTokens(clock),
      metrics: { sessionRefreshed() {} },
      clock,
    };
    await refreshSession(deps as unknown as AuthDependencies, project, refreshToken, {
      ip: null,
      userAgent: null,
    });
  };

/** One session of PostgreSQL's, which does the work once, takes it back, and then asks the same statements as often as is wanted. */
export async function bareWork(
  connection: pg.ClientConfig,
  user: SignedInUser,
  work: Work,
): Promise<{ again(): Promise<void>; close(): Promise<void> }> {
  const client = new pg.Client({ ...connection, pipeline: true });
  // when something else fails its server goes first
  client.on('error', () => {});
  await client.connect();
  const statements: Statement[] = [];
  await client.query('BEGIN');
  const rows = transactionOf({
    query: async <Row extends object>(text: string, values: readonly unknown[] = []) => {
      statements.push({ text, values });
      const { rows: found, rowCount } = await client.query(text, [...values]);
      return { rows: found as readonly Row[], rowCount: rowCount ?? 0 };
    },
  });
  await work(rows, user);
  await client.query('ROLLBACK');
  return {
    async again() {
      await client.query('BEGIN');
      for (const { text, values } of statements) await client.query(text, [...values]);
      await client.query('COMMIT');
    },
    close: () => client.end(),
  };
}
