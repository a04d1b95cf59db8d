/** The auth service: the users of all projects, in one process. */
import { ContainerModule, type ContainerModuleLoadOptions } from 'inversify';
import type { AuthProject } from '../../application/auth/auth-project.ts';
import { knownAuthProjects } from '../../application/auth/known-auth-projects.ts';
import { MailLimits } from '../../application/auth/mail-limits.ts';
import { knownTokens } from '../../application/known-tokens.ts';
import { AesAuthSecretVault } from '../../infrastructure/crypto/aes-auth-secret-vault.ts';
import { AesSigningKeys } from '../../infrastructure/crypto/aes-signing-keys.ts';
import { JoseUserTokens } from '../../infrastructure/crypto/jose-user-tokens.ts';
import { nodeOneTimeCodes } from '../../infrastructure/crypto/node-one-time-codes.ts';
import { HttpAuthHooks } from '../../infrastructure/auth/http-auth-hooks.ts';
import { HttpCaptchas } from '../../infrastructure/auth/http-captchas.ts';
import { nodeSecondFactors } from '../../infrastructure/crypto/node-second-factors.ts';
import { simpleWebAuthn } from '../../infrastructure/crypto/simple-web-authn.ts';
import { guardedFetch } from '../../infrastructure/network/guarded-fetch.ts';
import { OpenIdProviders } from '../../infrastructure/oauth/open-id-providers.ts';
import { PgUserDirectory } from '../../infrastructure/auth/pg-user-directory.ts';
import { MemoryRateLimits } from '../../infrastructure/rate-limiter/memory-rate-limits.ts';
import { poolerAnswers } from '../../infrastructure/pgbouncer/pooler-answers.ts';
import { AuthBounds } from '../auth/auth-bounds.ts';
import { authEndpoints } from '../auth/auth-endpoints.ts';
import { authErrorBody } from '../auth/auth-error-body.ts';
import { userAuthentication } from '../auth/authenticate-user.ts';
import { countedEndpoints, countedErrors } from '../auth/count-answers.ts';
import { aboutServer } from './log-server.ts';
import { serverPart } from './server-part.ts';
import { ownWay } from './tenant-connections-module.ts';
import { needs } from './needs.ts';
import { PARTS, TOKENS } from './tokens.ts';

/** each of the four things that a provider may be asked in one sign-in */
const PROVIDER_MS = 4_000;

type Bind = ContainerModuleLoadOptions['bind'];

export const authModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.authSecretVault).toResolvedValue(
    ({ directory }) => new AesAuthSecretVault(directory.masterKey),
    [TOKENS.machine],
  );
  bind(TOKENS.signingKeys).toResolvedValue(
    ({ directory }) => new AesSigningKeys(directory.masterKey),
    [TOKENS.machine],
  );
  bind(TOKENS.authProjects).toResolvedValue(
    ...needs(
      {
        store: TOKENS.store,
        secrets: TOKENS.secrets,
        signingKeys: TOKENS.signingKeys,
        vault: TOKENS.authSecretVault,
        publicUrl: TOKENS.publicUrl,
        clock: TOKENS.clock,
      },
      (dependencies) => knownAuthProjects(dependencies),
    ),
  );
  bind(PARTS.authProjects).toResolvedValue(
    (projects) => ({
      name: 'auth-projects',
      start: () => projects.start(),
      stop: () => projects.stop(),
      stopWithinMs: 2_000,
    }),
    [TOKENS.authProjects],
  );
  bind(TOKENS.auth).toResolvedValue(
    ...needs(
      {
        options: TOKENS.options,
        connections: TOKENS.tenantConnections,
        passwords: TOKENS.passwords,
        clock: TOKENS.clock,
        ids: TOKENS.ids,
        mailSender: TOKENS.mailSender,
        config: TOKENS.config,
        log: TOKENS.log,
      },
      ({ options: { rateLimits = {} }, connections, passwords, clock, ids, mailSender, config, log }) => ({
        directory: new PgUserDirectory(connections),
        passwords,
        rates: new MemoryRateLimits(rateLimits),
        tokens: new JoseUserTokens(clock),
        codes: nodeOneTimeCodes,
        secondFactors: nodeSecondFactors,
        webAuthn: simpleWebAuthn,
        providers: new OpenIdProviders(
          guardedFetch({ mayBePrivate: config.AUTH_ALLOW_PRIVATE_PROVIDERS === 'on', timeMs: PROVIDER_MS }),
          () => clock.elapsedMs(),
        ),
        captchas: new HttpCaptchas({ mayBePrivate: config.AUTH_ALLOW_PRIVATE_HOOKS === 'on' }),
        hooks: new HttpAuthHooks({ mayBePrivate: config.AUTH_ALLOW_PRIVATE_HOOKS === 'on', clock, log }),
        clock,
        ids,
        mailLimits: new MailLimits(),
        mailWaits: (project: AuthProject) => mailSender.mailWaits(project),
      }),
    ),
  );
  bindService(bind);
});

function bindService(bind: Bind): void {
  bind(PARTS.auth).toResolvedValue(
    ...needs(
      {
        config: TOKENS.config,
        internalKeys: TOKENS.internalKeys,
        machine: TOKENS.machine,
        pooler: TOKENS.pooler,
        projects: TOKENS.authProjects,
        auth: TOKENS.auth,
        store: TOKENS.store,
        log: TOKENS.log,
        metrics: TOKENS.metrics,
        tracing: TOKENS.tracing,
        publicUrl: TOKENS.publicUrl,
      },
      ({ config, internalKeys, machine, pooler, projects, auth, store, log, metrics, tracing, publicUrl }) =>
        serverPart({
          name: 'auth',
          port: config.AUTH_PORT,
          portVariable: 'AUTH_PORT',
          host: config.LISTEN_HOST,
          endpoints: countedEndpoints(authEndpoints({ version: '0.1.0', projects, auth }), metrics.auth),
          authenticate: userAuthentication(projects, knownTokens(auth.tokens, auth.clock)),
          errorBody: countedErrors(authErrorBody, metrics.auth),
          log,
          ready: async () => ({
            log: `${await told(store.head().then(() => true))}${aboutServer(store.server?.standing())}`,
            ...(pooler && { pooler: await told(poolerAnswers(ownWay(machine, pooler))) }),
            ...(config.SMTP_URL === undefined && { mail: `ok, ${mailbox(publicUrl)}` }),
          }),
          metrics,
          tracing,
          internalKeys,
          bounds: new AuthBounds(auth.rates),
          trustedProxies: config.TRUSTED_PROXIES,
        }),
    ),
  );
}

/** where mails are found that no server is there for */
const mailbox = (publicUrl: string): string =>
  `kept where a project has no server: ${publicUrl}/api/projects/:id/auth/mailbox`;

const told = (answers: Promise<boolean>): Promise<string> =>
  answers.then(
    (yes) => (yes ? 'ok' : 'does not answer'),
    () => 'does not answer',
  );
