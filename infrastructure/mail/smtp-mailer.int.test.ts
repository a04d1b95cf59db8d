import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import type { SMTPServerOptions } from 'smtp-server';
import { afterEach, describe, expect, test } from 'vitest';
import { aMail, mailerContract } from '../../application/ports/mailer.contract.ts';
import type { SmtpAccount } from '../../application/ports/mailer.ts';
import { smtpSink, type SmtpSink } from '../testing/smtp-sink.ts';
import { SmtpMailer } from './smtp-mailer.ts';

const yes = () => Promise.resolve(true);
const never = new AbortController().signal;
const account = (port: number, more: Partial<SmtpAccount> = {}): SmtpAccount => ({
  host: '127.0.0.1',
  port,
  secure: false,
  user: null,
  password: null,
  from: { name: 'Zoë & Co, "Shop"', address: 'no-reply@shop.example' },
  mayBePrivate: true,
  ...more,
});
const answer = (responseCode: number) => Object.assign(new Error('no'), { responseCode });

const MANNERS: Readonly<Record<string, SMTPServerOptions>> = {
  takes: {},
  refuses: { onRcptTo: (_to, _session, done) => done(answer(550)) },
  busy: { onRcptTo: (_to, _session, done) => done(answer(450)) },
  full: { onData: (stream, _session, done) => stream.resume().once('end', () => done(answer(452))) },
};

mailerContract('SMTP', {
  mailer: new SmtpMailer({ connectMs: 5_000, silentMs: 5_000 }),
  server: async (manner) => {
    let sink: SmtpSink | undefined;
    const dies: SMTPServerOptions = { onData: (stream) => stream.resume().once('end', () => sink?.cut()) };
    sink = await smtpSink(MANNERS[manner] ?? dies);
    const { mails } = sink;
    return {
      account: account(sink.port),
      subjects: () => mails.map(({ headers }) => headers.get('subject') ?? ''),
      close: sink.close,
    };
  },
});

describe('by SMTP', () => {
  const opened: { close: () => unknown }[] = [];
  const sinkOf = async (options?: SMTPServerOptions) => {
    const sink = await smtpSink(options);
    opened.push(sink);
    return sink;
  };
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
  });

  test('a mail is what it was, in each part as it has to be there', async () => {
    const { port, mails } = await sinkOf();
    const mail = aMail({ text: "You're in\n.\n..\nFrom here, Zoë\n", html: '<p>You&#39;re in, Zoë</p>' });
    await new SmtpMailer().send(account(port), mail, yes, never);
    expect(mails).toMatchObject([
      {
        from: 'no-reply@shop.example',
        to: ["o'neil+tag@ex.museum"],
        html: expect.stringContaining('You&#39;re in, Zoë'),
      },
    ]);
    const [sunk] = mails;
    if (!sunk) throw new Error('nothing came');
    const { raw, headers, text } = sunk;
    expect(text.replaceAll('\r\n', '\n')).toContain("You're in\n.\n..\nFrom here, Zoë\n");
    expect(raw).toMatch(/^Subject: =\?UTF-8\?[QB]\?/m);
    expect(raw).toMatch(/^To: o'neil\+tag@ex\.museum\r$/m);
    expect(headers.get('subject')).toBe("You're in, Zoë");
    expect(headers.get('from')).toContain('<no-reply@shop.example>');
    expect(headers.get('message-id')).toBe('<11111111-1111-4111-8111-111111111111@shop.example>');
    expect(headers.get('auto-submitted')).toBe('auto-generated');
    expect(headers.get('date')).toBe('Sun, 29 Nov 2026 10:00:00 +0000');
  });

  test('a subject brings no header along', async () => {
    const { port, mails } = await sinkOf();
    await new SmtpMailer().send(account(port), aMail({ subject: 'Hi\r\nBcc: x@evil.example' }), yes, never);
    expect(mails[0]?.headers.has('bcc')).toBe(false);
    expect(mails[0]?.to).toEqual(["o'neil+tag@ex.museum"]);
  });

  test('a server that takes its time is waited for, one that says nothing is not', async () => {
    const slow = await sinkOf({ onRcptTo: (_to, _session, done) => void setTimeout(done, 300) });
    expect(await new SmtpMailer().send(account(slow.port), aMail(), yes, never)).toEqual({ outcome: 'sent' });
    const silent = await sinkOf({ onMailFrom: () => {} });
    const mailer = new SmtpMailer({ silentMs: 200 });
    expect(await mailer.send(account(silent.port), aMail(), yes, never)).toMatchObject({ outcome: 'away' });
    const mute = await sinkOf({ onData: (stream) => void stream.resume() });
    expect(await mailer.send(account(mute.port), aMail(), yes, never)).toMatchObject({ outcome: 'unknown' });
  });

  test('one that says a word now and then is not waited for for ever', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      const timer = setInterval(() => socket.write('220-well\r\n'), 20);
      socket.once('close', () => clearInterval(timer));
    }).listen(0, '127.0.0.1');
    opened.push(server);
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const mailer = new SmtpMailer({ connectMs: 10_000, mostMs: 300 });
    expect(await mailer.send(account(port), aMail(), yes, never)).toMatchObject({ outcome: 'away' });
  });

  test('a name and a password are shown; wrong ones are about the server, not the mail', async () => {
    const { port, mails } = await sinkOf({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: ({ username, password }, _session, done) =>
        username === 'shop' && password === 'right'
          ? done(null, { user: 'shop' })
          : done(new Error('Invalid')),
    });
    const shop = account(port, { user: 'shop', password: 'wrong' });
    expect(await new SmtpMailer().send(shop, aMail(), yes, never)).toMatchObject({ outcome: 'away' });
    const delivery = await new SmtpMailer().send({ ...shop, password: 'right' }, aMail(), yes, never);
    expect([delivery, mails.length]).toEqual([{ outcome: 'sent' }, 1]);
  });

  test('TLS is used where it is offered', async () => {
    const seen: boolean[] = [];
    const { port } = await sinkOf({
      disabledCommands: [],
      onMailFrom: (_from, { secure }, done) => {
        seen.push(secure);
        done();
      },
    });
    await new SmtpMailer().send(account(port), aMail(), yes, never);
    expect(seen).toEqual([true]);
  });

  test.each([
    '127.0.0.1',
    '10.1.2.3',
    '169.254.169.254',
    '::1',
    '[::1]',
    '::ffff:127.0.0.1',
    '192.168.0.1',
    '0.0.0.0',
  ])('an owner does not reach %s, by number or by name', async (address) => {
    const { port, mails } = await sinkOf();
    const owners = account(port, { mayBePrivate: false });
    const mailer = new SmtpMailer({ lookup: () => Promise.resolve([address]) });
    for (const host of [address, 'mail.owner.example'])
      expect(await mailer.send({ ...owners, host }, aMail(), yes, never)).toMatchObject({ outcome: 'away' });
    expect(mails).toEqual([]);
  });

  test('a name is looked up once: what was checked is what is reached', async () => {
    const { port, mails } = await sinkOf();
    let looks = 0;
    const lookup = () => Promise.resolve(looks++ === 0 ? ['127.0.0.1'] : ['127.0.0.2']);
    await new SmtpMailer({ lookup }).send(account(port, { host: 'mail.example' }), aMail(), yes, never);
    expect([looks, mails.length]).toEqual([1, 1]);
  });
});
