/** The auth service over the real databases of two projects, without the rest of the platform, at a time that a test sets. */
import { randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { vi } from 'vitest';
import type { AuthDependencies } from '../../application/auth/auth-dependencies.ts';
import { MailLimits } from '../../application/auth/mail-limits.ts';
import { MailSender } from '../../application/auth/mail-sender.ts';
import type { AuthProject } from '../../application/auth/auth-project.ts';
import { knownTokens } from '../../application/known-tokens.ts';
import {
  AUTH_DEFAULTS,
  NO_AUTH_SECRETS,
  type AuthSecrets,
  type AuthSettings,
} from '../../domain/auth/auth-settings.ts';
import type { ProjectId } from '../../domain/project/project-id.ts';
import { Argon2Passwords } from '../../infrastructure/crypto/argon2-passwords.ts';
import { JoseUserTokens } from '../../infrastructure/crypto/jose-user-tokens.ts';
import { nodeOneTimeCodes } from '../../infrastructure/crypto/node-one-time-codes.ts';
import { nodeSecondFactors } from '../../infrastructure/crypto/node-second-factors.ts';
import { simpleWebAuthn } from '../../infrastructure/crypto/simple-web-authn.ts';
import { RandomIds } from '../../infrastructure/crypto/random-ids.ts';
import { guardedFetch } from '../../infrastructure/network/guarded-fetch.ts';
import { OpenIdProviders } from '../../infrastructure/oauth/open-id-providers.ts';
import { HttpAuthHooks } from '../../infrastructure/auth/http-auth-hooks.ts';
import { HttpCaptchas } from '../../infrastructure/auth/http-captchas.ts';
import { PgMailOutbox } from '../../infrastructure/auth/pg-mail-outbox.ts';
import { SmtpMailer } from '../../infrastructure/mail/smtp-mailer.ts';
import { SystemClock } from '../../infrastructure/process/system-clock.ts';
import { smtpSink } from '../../infrastructure/testing/smtp-sink.ts';
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
  let providerSecrets: AuthSecrets['providerSecrets'] = {};
  let secrets: AuthSecrets = NO_AUTH_SECRETS;
  /** of the other project, where it has its own */
  let others: Pick<AuthProject, 'settings' | 'secrets'> | undefined;
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
        siteUrl: settings.siteUrl ?? SITE,
        settings,
        secrets: { ...secrets, providerSecrets: { ...secrets.providerSecrets, ...providerSecrets } },
        ...(id === users.projects[1] && others),
        keys: { project: id, jwtSecrets: [SECRET], publicKeys: [], signingKey: null },
      }),
  };
  const warned: object[] = [];
  const noted = (line: object) => void warned.push(line);
  const log = { debug() {}, info() {}, warn: noted, error: noted };
  const auth: AuthDependencies = {
    directory: users.directory,
    passwords: new Argon2Passwords({ memoryKib: 64, passes: 1, lanes: 1, concurrency: 2 }),
    rates: new MemoryRateLimits({}),
    tokens: new JoseUserTokens(clock),
    codes: nodeOneTimeCodes,
    secondFactors: nodeSecondFactors,
    webAuthn: simpleWebAuthn,
    providers: new OpenIdProviders(guardedFetch({ mayBePrivate: true }), () => performance.now()),
    captchas: new HttpCaptchas({ mayBePrivate: true, timeMs: 2_000 }),
    hooks: new HttpAuthHooks({ mayBePrivate: true, clock, log }),
    clock,
    ids: new RandomIds(Buffer.alloc(32)),
    mailLimits: new MailLimits(),
    mailWaits: (project) => sender.mailWaits(project),
  };
  const sink = await smtpSink();
  const sender = new MailSender({
    outbox: new PgMailOutbox(users.connections),
    mailer: new SmtpMailer(),
    find: (id) => projects.find(id),
    served: () => Promise.resolve(users.projects),
    operatorAccount: {
      host: '127.0.0.1',
      port: sink.port,
      secure: false,
      user: null,
      password: null,
      from: { name: null, address: 'no-reply@app.example' },
      mayBePrivate: true,
    },
    allowPrivate: true,
    // PostgreSQL's time says what is due, and nobody sets that
    clock: new SystemClock(),
    log,
    metrics: { mail() {} },
  });
  const server = createServer({
    name: 'auth',
    port: 0,
    portVariable: 'AUTH_PORT',
    endpoints: authEndpoints({ version: 'under test', projects, auth }),
    authenticate: userAuthentication(projects, knownTokens(auth.tokens, auth.clock)),
    errorBody: authErrorBody,
    log,
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
    projects: users.projects,
    /** of the other project */
    otherUrl: `${base}/project/${users.projects[1]}/auth/v1`,
    setProviderSecrets: (given: AuthSecrets['providerSecrets']) => void (providerSecrets = given),
    serviceKey: await key('service_role'),
    anonKey: await key('anon'),
    sender,
    mails: sink.mails,
    /** the newest to an address, of so many that it gets */
    mailTo: (address: string, count = 1) =>
      vi.waitFor(
        () => {
          const theirs = sink.mails.filter(({ to }) => to.includes(address));
          const last = theirs.at(-1);
          if (!last || theirs.length < count) throw new Error(`${theirs.length} mails to ${address}`);
          return last;
        },
        { timeout: 20_000, interval: 50 },
      ),
    /** what the server had to say */
    warned,
    owner: (sql: string) => users.owner(sql),
    now: clock.now,
    advance: (seconds: number) => void (aheadMs += seconds * 1000),
    /** nothing: as they are by default, of both projects */
    set(change: Partial<AuthSettings> = {}, given: Partial<AuthSecrets> = {}) {
      settings = { ...AUTH_DEFAULTS, ...change };
      secrets = { ...NO_AUTH_SECRETS, ...given };
      others = undefined;
    },
    /** of the other project alone */
    setOther: (change: Partial<AuthSettings>) =>
      void (others = { settings: { ...AUTH_DEFAULTS, ...change }, secrets: NO_AUTH_SECRETS }),
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
      await sender.stop();
      await sink.close();
      await users.close();
    },
  };
}
