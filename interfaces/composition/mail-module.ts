/** Sends what projects' auth services have left in their outboxes. */
import { ContainerModule } from 'inversify';
import { MailSender } from '../../application/auth/mail-sender.ts';
import type { Mailer, SmtpAccount } from '../../application/ports/mailer.ts';
import { PgMailOutbox } from '../../infrastructure/auth/pg-mail-outbox.ts';
import { listServed } from '../../projections/desired-projects/queries.ts';
import type { Config } from '../config.ts';
import { needs } from './needs.ts';
import { tasksPart } from './tasks-part.ts';
import { PARTS, TOKENS } from './tokens.ts';

/**
 * What a process left behind that died; whoever leaves a mail says so, and this process goes on with its own by itself. The
 * first look is at the start. Each one counts as use of every project, so often ones would let none of them sleep.
 */
const LOOK_EVERY_MS = 12 * 3_600_000;

export const mailModule = new ContainerModule(({ bind }) => {
  bind(TOKENS.mailOutbox).toResolvedValue(
    (connections) => new PgMailOutbox(connections),
    [TOKENS.tenantConnections],
  );
  bind(TOKENS.mailSender).toResolvedValue(
    ...needs(
      {
        config: TOKENS.config,
        outbox: TOKENS.mailOutbox,
        projects: TOKENS.authProjects,
        pool: TOKENS.platformPool,
        clock: TOKENS.clock,
        log: TOKENS.log,
        metrics: TOKENS.metrics,
      },
      ({ config, outbox, projects, pool, clock, log, metrics }) =>
        new MailSender({
          outbox,
          mailer: smtpMailer(),
          find: (id) => projects.find(id),
          served: async () => (await listServed(pool)).map(({ projectId }) => projectId),
          operatorAccount: operatorAccount(config),
          allowPrivate: config.AUTH_ALLOW_PRIVATE_SMTP === 'on',
          clock,
          log,
          metrics: metrics.auth,
        }),
    ),
  );
  bind(PARTS.mailSender).toResolvedValue(
    (sender, background) => {
      const look = {
        name: 'mails',
        everyMs: LOOK_EVERY_MS,
        failed: 'could not look for mails',
        run: () => sender.look(),
      };
      const tasks = tasksPart('mail-tasks', background, [look]);
      return {
        name: 'mail-sender',
        start: () => tasks.start(),
        stop: async () => {
          await tasks.stop();
          await sender.stop();
        },
        stopWithinMs: 10_000,
      };
    },
    [TOKENS.mailSender, TOKENS.background],
  );
});

/** Its library is of some megabytes, which most do without: loaded with the first mail. */
function smtpMailer(): Mailer {
  let loaded: Promise<Mailer> | undefined;
  const load = async () => new (await import('../../infrastructure/mail/smtp-mailer.ts')).SmtpMailer();
  return { send: async (...mail) => (await (loaded ??= load())).send(...mail) };
}

/** undefined: mails of projects without a server of their own are kept */
function operatorAccount({ SMTP_URL: url, SMTP_FROM: from }: Config): SmtpAccount | undefined {
  if (url === undefined || from === undefined) return undefined;
  const { protocol, hostname: host, port, username, password } = new URL(url);
  const isSecure = protocol === 'smtps:';
  return {
    host,
    port: Number(port || (isSecure ? 465 : 587)),
    secure: isSecure,
    user: username === '' ? null : decodeURIComponent(username),
    password: password === '' ? null : decodeURIComponent(password),
    from,
    mayBePrivate: true,
  };
}
