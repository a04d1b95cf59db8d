/** Mails on their way from an outbox in PostgreSQL to an SMTP server, with whatever dies in between. */
import type { SMTPServerOptions } from 'smtp-server';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { MailSender, type MailBounds } from '../../application/auth/mail-sender.ts';
import { aMail } from '../../application/ports/mailer.contract.ts';
import type { Mailer, SmtpAccount } from '../../application/ports/mailer.ts';
import { Rejection } from '../../domain/rejection.ts';
import { SmtpMailer } from '../mail/smtp-mailer.ts';
import { SystemClock } from '../process/system-clock.ts';
import { quietLog } from '../testing/folder.ts';
import { smtpSink, type SmtpSink } from '../testing/smtp-sink.ts';
import { testUsers } from '../testing/users.ts';
import { PgMailOutbox } from './pg-mail-outbox.ts';

let users: Awaited<ReturnType<typeof testUsers>>;
let outbox: PgMailOutbox;
let sink: SmtpSink;
const senders: MailSender[] = [];
beforeAll(async () => {
  users = await testUsers();
  outbox = new PgMailOutbox(users.connections);
});
beforeEach(async () => {
  sink = await smtpSink();
  for (const project of users.projects) await users.as('auth', 'DELETE FROM auth.mail_outbox', project);
});
afterEach(async () => {
  await Promise.all(senders.splice(0).map((sender) => sender.stop()));
  await sink.close();
});
afterAll(() => users.close());

const accountOf = ({ port }: SmtpSink): SmtpAccount => ({
  host: '127.0.0.1',
  port,
  secure: false,
  user: null,
  password: null,
  from: { name: null, address: 'no-reply@shop.example' },
  mayBePrivate: true,
});

interface Given {
  /** null: there is none */
  readonly account?: SmtpAccount | null;
  readonly mailer?: Mailer;
  readonly bounds?: Partial<MailBounds>;
  readonly isPaused?: () => boolean;
}

function sender({ account = accountOf(sink), mailer = new SmtpMailer(), bounds, isPaused }: Given = {}) {
  const made = new MailSender({
    outbox,
    mailer,
    find: (id) => {
      if (isPaused?.()) throw new Rejection('project/not-active', 'It is paused.');
      return Promise.resolve({ id, settings: { smtp: null }, secrets: { smtpPassword: null } });
    },
    served: () => Promise.resolve(users.projects),
    operatorAccount: account ?? undefined,
    allowPrivate: false,
    clock: new SystemClock(),
    log: quietLog,
    metrics: { mail() {} },
    bounds: { pauses: { firstMs: 100, longestMs: 200 }, leaseMs: 1_000, ...bounds },
  });
  senders.push(made);
  return made;
}

let count = 0;
async function leave(project = users.projects[0], many = 1) {
  for (let index = 0; index < many; index++) {
    count++;
    const mail = aMail({
      id: `33333333-3333-4333-8333-${String(count).padStart(12, '0')}`,
      subject: `mail ${count}`,
      createdAt: new Date(),
    });
    await users.directory.with(project, (rows) => rows.outbox.add(mail));
  }
}
const rows = (project = users.projects[0]) =>
  users.as(
    'auth',
    'SELECT state, tries, last_error, body_text FROM auth.mail_outbox ORDER BY created_at',
    project,
  );
const states = async () => (await rows()).map(({ state }) => state);
const until = (check: () => unknown) => vi.waitFor(check, { timeout: 20_000, interval: 50 });
const subjects = () => sink.mails.map(({ headers }) => headers.get('subject'));
const refusing = (responseCode: number): SMTPServerOptions => ({
  onRcptTo: (_to, _session, done) => done(Object.assign(new Error('no'), { responseCode })),
});

test('several processes send each mail once, and what was sent is gone from the row', async () => {
  await leave(users.projects[0], 30);
  for (const one of [sender(), sender(), sender()]) one.mailWaits({ id: users.projects[0] });
  await until(() => expect(sink.mails.length).toBe(30));
  expect(new Set(subjects()).size).toBe(30);
  await until(async () => expect(await states()).toEqual(Array<string>(30).fill('sent')));
  expect(new Set((await rows()).map(({ body_text: text }) => text))).toEqual(new Set(['']));
});

test('what a process left behind that died is sent when its lease is over, once', async () => {
  await leave();
  await outbox.claim(users.projects[0], 700);
  const one = sender();
  await one.look();
  await until(() => expect(sink.mails.length).toBe(1));
  await one.look();
  await until(async () => expect(await rows()).toMatchObject([{ state: 'sent', tries: 2 }]));
  expect(sink.mails.length).toBe(1);
});

test('a process that died with a mail handed over has nobody send it again', async () => {
  await leave();
  const claim = await outbox.claim(users.projects[0], 0);
  if (!claim.mail) throw new Error('nothing is due');
  await outbox.handOver(users.projects[0], claim.mail);
  await leave();
  await sender().look();
  await until(async () => expect(await states()).toEqual(['handed_over', 'sent']));
  expect(sink.mails.length).toBe(1);
});

test('one whose lease was over while it was at it gives the mail up to the next holder', async () => {
  await leave();
  const mailer = new SmtpMailer();
  const slow: Mailer = {
    send: (account, mail, handOver, signal) =>
      mailer.send(
        account,
        mail,
        async () => {
          await outbox.claim(users.projects[0], 0);
          return handOver();
        },
        signal,
      ),
  };
  sender({ mailer: slow, bounds: { leaseMs: 0, mailsInATurn: 1 } }).mailWaits({ id: users.projects[0] });
  await until(async () => expect((await rows())[0]?.['tries']).toBeGreaterThan(1));
  expect(sink.mails).toEqual([]);
});

test('a recipient who is refused for ever is told in the row, and no one else waits for it', async () => {
  const server = await smtpSink({
    onRcptTo: ({ address }, _session, done) =>
      done(
        address.startsWith('gone') ? Object.assign(new Error('no such user'), { responseCode: 550 }) : null,
      ),
  });
  const gone = aMail({
    id: '44444444-4444-4444-8444-444444444444',
    to: 'gone@ex.museum',
    createdAt: new Date(),
  });
  await users.directory.with(users.projects[0], (all) => all.outbox.add(gone));
  await leave();
  sender({ account: accountOf(server) }).mailWaits({ id: users.projects[0] });
  await until(async () => expect(await states()).toEqual(['failed', 'sent']));
  const [row] = await rows();
  expect([row?.['tries'], row?.['last_error']]).toEqual([1, expect.stringContaining('no such user')]);
  await server.close();
});

test('a server that is busy, or away, is asked again, later each time, and not for ever', async () => {
  const busy = await smtpSink(refusing(450));
  await leave();
  sender({ account: accountOf(busy), bounds: { tries: 3 } }).mailWaits({ id: users.projects[0] });
  await until(async () => expect(await rows()).toMatchObject([{ state: 'failed', tries: 3 }]));
  await busy.close();
  await leave();
  sender({ account: accountOf(busy), bounds: { tries: 2 } }).mailWaits({ id: users.projects[0] });
  await until(async () => expect((await rows())[1]).toMatchObject({ state: 'failed', tries: 2 }));
});

test('a server of one project that says nothing holds up no other', async () => {
  const silent = await smtpSink({ onMailFrom: () => {} });
  await leave(users.projects[0], 3);
  await leave(users.projects[1]);
  const mailer = new SmtpMailer();
  const accounts: Mailer = {
    send: (account, mail, ...more) =>
      mailer.send(mail.subject === `mail ${count}` ? account : accountOf(silent), mail, ...more),
  };
  const one = sender({ mailer: accounts });
  one.mailWaits({ id: users.projects[0] });
  one.mailWaits({ id: users.projects[1] });
  await until(() => expect(subjects()).toEqual([`mail ${count}`]));
  await one.stop();
  await silent.close();
});

test('of one that dies at the end of a mail nobody knows: it is not sent again', async () => {
  let dying: SmtpSink | undefined;
  dying = await smtpSink({ onData: (stream) => stream.resume().once('end', () => dying?.cut()) });
  await leave();
  sender({ account: accountOf(dying) }).mailWaits({ id: users.projects[0] });
  await until(async () => expect(await rows()).toMatchObject([{ state: 'handed_over', body_text: '' }]));
  await dying.close();
  await sender().look();
  await leave();
  await until(async () => expect(await states()).toContain('handed_over'));
  expect(sink.mails.length).toBeLessThanOrEqual(1);
});

test('without a server mails are kept; those of a paused project wait', async () => {
  await leave();
  let paused = true;
  const one = sender({ isPaused: () => paused, bounds: { pausedMs: 100 } });
  one.mailWaits({ id: users.projects[0] });
  await one.look();
  expect(await states()).toEqual(['waiting']);
  paused = false;
  await until(async () => expect(await states()).toEqual(['sent']));
  await leave();
  sender({ account: null }).mailWaits({ id: users.projects[0] });
  await until(async () => expect(await states()).toEqual(['sent', 'kept']));
  expect(sink.mails.length).toBe(1);
});
