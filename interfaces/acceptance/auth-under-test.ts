/** The auth service over the real databases of two projects, without the rest of the platform, at a time that a test sets. */
import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import type { AuthDependencies } from '../../application/auth/auth-dependencies.ts';
import type { AuthProject } from '../../application/auth/auth-project.ts';
import { AUTH_DEFAULTS, NO_AUTH_SECRETS, type AuthSettings } from '../../domain/auth/auth-settings.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { Argon2Passwords } from '../../infrastructure/crypto/argon2-passwords.ts';
import { JoseUserTokens } from '../../infrastructure/crypto/jose-user-tokens.ts';
import { nodeOneTimeCodes } from '../../infrastructure/crypto/node-one-time-codes.ts';
import { nodeSecondFactors } from '../../infrastructure/crypto/node-second-factors.ts';
import { RandomIds } from '../../infrastructure/crypto/random-ids.ts';
import { MemoryRateLimits } from '../../infrastructure/rate-limiter/memory-rate-limits.ts';
import { testUsers } from '../../infrastructure/testing/users.ts';
import { authEndpoints } from '../auth/auth-endpoints.ts';
import { authErrorBody } from '../auth/auth-error-body.ts';
import { userAuthentication } from '../auth/authenticate-user.ts';
import { Metrics } from '../http/metrics.ts';
import { createServer } from '../http/server.ts';

const SECRET = 'the secret of both projects, of 40 letters';
export const SITE = 'https://app.example';

export async function authUnderTest() {
  const users = await testUsers();
  let settings: AuthSettings = AUTH_DEFAULTS;
  let aheadMs = 0;
  let base = '';
  const clock = {
    now: () => new Date(new Date().getTime() + aheadMs),
    elapsedMs: () => performance.now(),
    sleep: () => Promise.resolve(),
  };
  const projects = {
    find: (id: ProjectId): Promise<AuthProject> =>
      Promise.resolve({
        id,
        url: `${base}/project/${id}/auth/v1`,
        siteUrl: SITE,
        settings,
        secrets: NO_AUTH_SECRETS,
        keys: { project: id, jwtSecrets: [SECRET] },
      }),
  };
  const auth: AuthDependencies = {
    directory: users.directory,
    passwords: new Argon2Passwords({ memoryKib: 64, passes: 1, lanes: 1, concurrency: 2 }),
    rates: new MemoryRateLimits({}),
    tokens: new JoseUserTokens(clock),
    codes: nodeOneTimeCodes,
    secondFactors: nodeSecondFactors,
    clock,
    ids: new RandomIds(Buffer.alloc(32)),
    mailWaits: () => {},
  };
  const warned: object[] = [];
  const noted = (line: object) => void warned.push(line);
  const server = createServer({
    name: 'auth',
    port: 0,
    portVariable: 'AUTH_PORT',
    endpoints: authEndpoints({ version: 'under test', projects, auth }),
    authenticate: userAuthentication(projects, auth.tokens),
    errorBody: authErrorBody,
    log: { debug() {}, info() {}, warn: noted, error: noted },
    ready: () => Promise.resolve({}),
    metrics: new Metrics(),
  });
  await server.start();
  base = `http://127.0.0.1:${server.port}`;
  const key = (role: string) =>
    new SignJWT({ role, jti: randomUUID() })
      .setProtectedHeader({ alg: 'HS256' })
      .sign(new TextEncoder().encode(SECRET));
  const url = `${base}/project/${users.projects[0]}/auth/v1`;
  return {
    url,
    auth,
    project: users.projects[0],
    serviceKey: await key('service_role'),
    anonKey: await key('anon'),
    /** what the server had to say */
    warned,
    owner: (sql: string) => users.owner(sql),
    now: clock.now,
    advance: (seconds: number) => void (aheadMs += seconds * 1000),
    /** nothing: as they are by default */
    set: (change: Partial<AuthSettings> = {}) => void (settings = { ...AUTH_DEFAULTS, ...change }),
    async signIn(email: string, password: string) {
      const answer = await fetch(`${url}/token?grant_type=password`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email, password }),
      });
      if (answer.status !== 200) throw new Error(`no sign-in: ${await answer.text()}`);
      return (await answer.json()) as { readonly access_token: string; readonly refresh_token: string };
    },
    async close() {
      await server.stop(0);
      await users.close();
    },
  };
}
